"""A FastDFS client (https://github.com/happyfish100/fastdfs), independent of the product.

`protocol` and `names` encode and decode; `connection` and `pool` hold the sockets; `cluster` queries the trackers and
selects servers; `payload`, `download` and `lazy` transfer data; `client` is the public interface. `storage` is a Django
storage, and the only module that imports Django. Decision 0074 explains why the client is our own.
"""
