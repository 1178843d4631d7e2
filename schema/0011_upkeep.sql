-- Upkeep: the vocabulary knows of how many messages it was sampled, so that many small imports add up to a new one; and
-- sampling it has a bounded cost, whatever it is called with.

CREATE TABLE chattui.vocabularies (
  owner      text COLLATE "C" NOT NULL DEFAULT CURRENT_USER PRIMARY KEY,
  messages   bigint NOT NULL,                             -- that the owner had when the words were sampled
  sampled_at timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE chattui.vocabularies ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON chattui.vocabularies USING (owner = CURRENT_USER::text) WITH CHECK (owner = CURRENT_USER::text);

-- Samples the vocabulary of the caller again. Whoever has few messages has all of them read, by the index on owner: a sample
-- of a table that is mostly other people's would read it whole. At most 100,000 messages are read.
CREATE OR REPLACE FUNCTION chattui.refresh_words(p_sample integer DEFAULT 10000) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = chattui, pg_temp AS $$
DECLARE
  v_me     text := chattui.me();
  v_sample integer := least(100000, greatest(1000, coalesce(p_sample, 10000)));
  v_total  float8;
  v_count  integer;
  v_from   text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('chattui.words ' || v_me, 0));
  SELECT coalesce(sum(n), 0) INTO v_total FROM chattui.day_counts WHERE owner = v_me;
  v_from := CASE WHEN v_total <= v_sample THEN '' ELSE format('TABLESAMPLE SYSTEM (%s)', least(100, 130.0 * v_sample / v_total)) END;
  DELETE FROM chattui.words w WHERE w.owner = v_me;
  INSERT INTO chattui.words
    SELECT v_me, s.word, ceil(s.ndoc * greatest(1, v_total / v_sample))::integer
      FROM ts_stat(format('SELECT chattui.tsv(content) FROM (SELECT content FROM chattui.messages %s WHERE owner = %L LIMIT %s) s',
                          v_from, v_me, v_sample)) s
     WHERE s.ndoc >= 3 AND length(s.word) BETWEEN 2 AND 40;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  INSERT INTO chattui.vocabularies AS v (owner, messages) VALUES (v_me, v_total)
    ON CONFLICT (owner) DO UPDATE SET messages = excluded.messages, sampled_at = now();
  RETURN v_count;
END $$;

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'chattui_user') THEN
    GRANT SELECT ON chattui.vocabularies TO chattui_user;
  END IF;
END $$;

INSERT INTO chattui.schema_versions (version, name) VALUES (11, 'upkeep');
