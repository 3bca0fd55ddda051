"""The queue's views: a task loads by id and makes one service call. One module per queue or subject."""
