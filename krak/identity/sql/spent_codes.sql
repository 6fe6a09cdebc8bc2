-- Where used codes are noted; the columns are those of Django's cache in the database.
CREATE TABLE identity_spent_code (
    cache_key varchar(255) PRIMARY KEY,
    value text NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX spent_codes_by_age ON identity_spent_code (expires);
