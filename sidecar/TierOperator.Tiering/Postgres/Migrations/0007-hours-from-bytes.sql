-- The hour of a version is worked out with every row that is written, twice with some: from the bytes, which takes a fifth of the
-- time that going through text took.
CREATE OR REPLACE FUNCTION {schema}.milliseconds_of(version uuid) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (get_byte(uuid_send(version), 0)::bigint << 40) + (get_byte(uuid_send(version), 1)::bigint << 32)
        + (get_byte(uuid_send(version), 2)::bigint << 24) + (get_byte(uuid_send(version), 3) << 16)
        + (get_byte(uuid_send(version), 4) << 8) + get_byte(uuid_send(version), 5);
