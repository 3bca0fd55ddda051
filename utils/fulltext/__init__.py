"""A Haystack engine over the site's own database: full text of SQLite (FTS5) or postings in MariaDB.

`HAYSTACK_CONNECTIONS` options beside Haystack's own:

    ENGINE   "utils.fulltext.backend.FullTextEngine"
    DATABASE  alias of the Django database, "default" if missing
    RANKING   lookups in falling order of weight, such as ["title__exact", "title__startswith", "title", "people"];
              `content` searches them in this order and then the document field
    HEAT      name of an integer field, 0 to MOST_HEAT: within a step of RANKING, larger comes first
    COUNTED   most hits that are counted, 1,000 if missing
"""
