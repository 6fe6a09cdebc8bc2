-- The proof of a part of the chain, tied to the link it follows: every place where it is broken.
CREATE FUNCTION audit_breaks(p_after bigint, p_until bigint)
RETURNS TABLE (place bigint, change uuid, break text) LANGUAGE sql STABLE AS $$
    WITH chain AS (
        SELECT l.*, c.id AS kept, audit_hash(l.previous_hash, l.sequence, c) AS expected,
               lag(l.hash, 1, decode(repeat('00', 32), 'hex')) OVER (ORDER BY l.sequence) AS before,
               lag(l.sequence, 1, 0::bigint) OVER (ORDER BY l.sequence) + 1 AS next
          FROM audit_link l LEFT JOIN audit_rowchange c ON c.id = l.change_id
         WHERE l.sequence BETWEEN p_after AND p_until)
    SELECT sequence, change_id, CASE WHEN sequence <> next THEN 'links before it are gone'
                                     WHEN previous_hash <> before THEN 'is not tied to the one before'
                                     WHEN kept IS NULL THEN 'the change is gone'
                                     ELSE 'the change was altered' END
      FROM chain
     WHERE sequence > p_after
       AND (sequence <> next OR previous_hash <> before OR kept IS NULL OR hash <> expected)
    UNION ALL
    SELECT l.sequence, c.id, key || ' was altered'
      FROM audit_rowchange c JOIN audit_link l ON l.change_id = c.id, jsonb_each(c.changed)
     WHERE l.sequence > p_after AND l.sequence <= p_until
       AND (CASE WHEN c.proofs->key->>0 IS NULL THEN value <> '["erased", "erased"]'
                 ELSE audit_digest(c.proofs->key->>0, key, value) <> c.proofs->key->>1 END
            OR c.proofs->key IS NULL)
    UNION ALL
    SELECT l.sequence, c.id, key || ' was taken out'
      FROM audit_rowchange c JOIN audit_link l ON l.change_id = c.id, jsonb_object_keys(c.proofs) key
     WHERE l.sequence > p_after AND l.sequence <= p_until AND NOT c.changed ? key
     ORDER BY 1, 2
$$;

CREATE FUNCTION audit_strays() RETURNS TABLE (place bigint, change uuid, break text)
LANGUAGE sql STABLE AS $$
    SELECT NULL::bigint, c.id, 'was put in beside the chain'
      FROM audit_rowchange c WHERE NOT EXISTS (SELECT FROM audit_link l WHERE l.change_id = c.id)
     ORDER BY 2
$$;
