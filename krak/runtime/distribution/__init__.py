"""One Krak over several Postgres servers: what lies where on Citus, and how it gets there.

`catalog` reads what there is, `classes` says what each table becomes, `statements` what to run.
"""
