"""Tables that grow faster than PostgreSQL notices.

A prepared statement keeps the plan that was right when its table was nearly empty, which
is to read all of it, until the table is analysed. Autovacuum does that once a minute at
best, and a table of deliveries can grow a hundredfold in a minute.
"""

from __future__ import annotations

from sqlalchemy import text

from community_store.store import Store

FEW = 500  # rows that can be read whole
_GROWN = text(
    "SELECT relname FROM pg_stat_user_tables WHERE schemaname = current_schema()"
    " AND n_mod_since_analyze > greatest(:few, n_live_tup / 2) ORDER BY relname"
)


def analyze_grown(store: Store) -> list[str]:
    """Analyse the tables that have changed by half since they last were; their names.

    Small ones and SQLite, which plans without figures, need none.
    """
    if store.sqlite:
        return []
    with store.read() as session:
        grown = list(session.connection().scalars(_GROWN, {"few": FEW}))
    for name in grown:
        with store.begin() as session:
            quoted = session.get_bind().dialect.identifier_preparer.quote(name)
            session.connection().execute(text(f"ANALYZE {quoted}"))
    return grown
