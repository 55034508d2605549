/**
 * Steps of the schema (migrations.ts) since a study's committee can be followed by another: shares, their checks and their
 * erasure are one committee's. What was stored before is of one committee, whose epoch its segments tell, or else its
 * activation.
 */

/** Of a check's row, if its activation tells it. */
const EPOCH_OF_CHECK = `CAST(iif(json_valid(activation), json_extract(activation, '$.committeeEpoch'), NULL) AS INTEGER)`;

const HOLDINGS = `
  -- What this worker has of one dataset as a member of one committee.
  CREATE TABLE holding (
    dataset INTEGER NOT NULL REFERENCES dataset (id),
    epoch INTEGER NOT NULL,
    -- of its key's file, without the ending
    key_name TEXT NOT NULL UNIQUE,
    -- 1: these shares and their key are gone for good
    erased INTEGER NOT NULL DEFAULT 0 CHECK (erased IN (0, 1)),
    PRIMARY KEY (dataset, epoch)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO holding (dataset, epoch, key_name)
    SELECT id, COALESCE(
      (SELECT epoch FROM segment JOIN activation USING (dataset, version, file_hash)
        WHERE segment.dataset = dataset.id ORDER BY version DESC LIMIT 1),
      (SELECT MAX(epoch) FROM segment WHERE segment.dataset = dataset.id),
      (SELECT MAX(${EPOCH_OF_CHECK}) FROM input_check WHERE input_check.dataset_id = dataset.dataset_id),
      0
    ), lower(hex(dataset_id)) FROM dataset;

  -- Files of other epochs: never activated among that committee, and sealed under a key that is not theirs.
  DELETE FROM chunk WHERE id IN (
    SELECT stored.id FROM segment JOIN holding USING (dataset) JOIN stored_column ON stored_column.segment = segment.id
      JOIN chunk stored ON stored.id BETWEEN stored_column.id * 1048576 AND stored_column.id * 1048576 + 1048575
    WHERE segment.epoch <> holding.epoch
  );
  DELETE FROM stored_column WHERE segment IN (
    SELECT segment.id FROM segment JOIN holding USING (dataset) WHERE segment.epoch <> holding.epoch
  );
  DELETE FROM segment WHERE id IN (
    SELECT segment.id FROM segment JOIN holding USING (dataset) WHERE segment.epoch <> holding.epoch
  );

  CREATE TABLE activation_of_holding (
    dataset INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    file_hash BLOB NOT NULL CHECK (length(file_hash) = 32),
    PRIMARY KEY (dataset, epoch, version),
    FOREIGN KEY (dataset, epoch) REFERENCES holding (dataset, epoch)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO activation_of_holding SELECT dataset, epoch, version, file_hash FROM activation JOIN holding USING (dataset);
  DROP TABLE activation;
  ALTER TABLE activation_of_holding RENAME TO activation;
`;

const ERASURES = `
  -- Shares that must be erased here, and this worker's receipts for it.
  CREATE TABLE erasure (
    dataset_id BLOB NOT NULL CHECK (length(dataset_id) = 32),
    study_id BLOB NOT NULL CHECK (length(study_id) = 32),
    epoch INTEGER NOT NULL,
    -- this worker's in that committee
    point INTEGER NOT NULL CHECK (point BETWEEN 1 AND 7),
    -- not before the chain is past this block
    after_block INTEGER NOT NULL,
    -- 1: the chain has this worker's receipt
    confirmed INTEGER NOT NULL DEFAULT 0 CHECK (confirmed IN (0, 1)),
    -- what this worker signed: public
    version INTEGER,
    signature TEXT,
    PRIMARY KEY (dataset_id, epoch),
    CHECK ((version IS NULL) = (signature IS NULL))
  ) STRICT, WITHOUT ROWID;
  INSERT INTO erasure
    SELECT dataset_id, study_id, COALESCE(
      (SELECT epoch FROM holding JOIN dataset ON dataset.id = holding.dataset
        WHERE dataset.dataset_id = retirement.dataset_id),
      (SELECT MAX(${EPOCH_OF_CHECK}) FROM input_check WHERE input_check.dataset_id = retirement.dataset_id),
      0
    ), point, block, confirmed, version, signature FROM retirement;

  -- Datasets retired on chain, of every study.
  CREATE TABLE retired_dataset (
    dataset_id BLOB PRIMARY KEY CHECK (length(dataset_id) = 32),
    study_id BLOB NOT NULL CHECK (length(study_id) = 32),
    -- of the event
    block INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO retired_dataset SELECT dataset_id, study_id, block FROM retirement;
  DROP TABLE retirement;
  ALTER TABLE retired_dataset RENAME TO retirement;
`;

const CHECKS = `
  CREATE TABLE check_of_holding (
    check_id BLOB PRIMARY KEY CHECK (length(check_id) = 32),
    dataset_id BLOB NOT NULL CHECK (length(dataset_id) = 32),
    epoch INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    state TEXT NOT NULL DEFAULT 'unchecked' CHECK (state IN ('unchecked', 'checked', 'rejected')),
    -- of a rejected version only
    reason TEXT CHECK ((reason IS NULL) = (state <> 'rejected')),
    last_attempt INTEGER NOT NULL DEFAULT 0,
    -- the event that gave the committee this version, JSON, public
    activation TEXT NOT NULL,
    UNIQUE (dataset_id, epoch, version)
  ) STRICT, WITHOUT ROWID;
  -- Checks have other names since: those that had not ended come anew as the chain is followed again.
  INSERT INTO check_of_holding
    SELECT check_id, dataset_id, COALESCE(${EPOCH_OF_CHECK}, 0), version, state, reason, last_attempt, activation
    FROM input_check WHERE state <> 'unchecked';
  DROP TABLE input_check;
  ALTER TABLE check_of_holding RENAME TO input_check;
`;

const FACTS = `
  -- Public facts of every version among every committee, of every study.
  CREATE TABLE segment_fact (
    dataset_id BLOB NOT NULL CHECK (length(dataset_id) = 32),
    study_id BLOB NOT NULL CHECK (length(study_id) = 32),
    epoch INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    row_count INTEGER NOT NULL,
    columns_root BLOB NOT NULL CHECK (length(columns_root) = 32),
    shares_root BLOB NOT NULL CHECK (length(shares_root) = 32),
    ingest_proof_hash BLOB NOT NULL CHECK (length(ingest_proof_hash) = 32),
    PRIMARY KEY (dataset_id, epoch, version)
  ) STRICT, WITHOUT ROWID;
`;

const ENDINGS = `
  -- The attempt that the ending names, if it names one.
  ALTER TABLE request ADD COLUMN ended_attempt INTEGER;

  -- Attempt 0: any that a committee before this worker's may have made.
  CREATE TABLE opening_of_any (
    request_id BLOB NOT NULL REFERENCES disclosure (request_id),
    attempt INTEGER NOT NULL CHECK (attempt >= 0),
    stage TEXT NOT NULL CHECK (stage IN ('tests', 'outputs')),
    -- 1: the attempt ended in a refusal, its outputs never opened
    closed INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1)),
    PRIMARY KEY (request_id, attempt)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO opening_of_any SELECT request_id, attempt, stage, closed FROM opening;
  DROP TABLE opening;
  ALTER TABLE opening_of_any RENAME TO opening;

  -- Facts, retirements of other studies and attempts of endings are on the chain: it is followed again from the start, without
  -- effect otherwise.
  DELETE FROM cursor;
`;

const NEEDED_CHECKS = `
  -- 1: it has ended here, and others may need this worker to come to its end, too
  ALTER TABLE input_check ADD COLUMN needed INTEGER NOT NULL DEFAULT 0 CHECK (needed IN (0, 1));
`;

const STUDIES = `
  -- Whose data they are, as their share files say; NULL where none was ever here.
  ALTER TABLE dataset ADD COLUMN study_id BLOB CHECK (study_id IS NULL OR length(study_id) = 32);
  UPDATE dataset SET study_id = (
    SELECT unhex(substr(json_extract(header, '$.studyId'), 3)) FROM segment WHERE segment.dataset = dataset.id LIMIT 1
  );
`;

const PLACES = `
  -- Of the event on the chain; of what was known before places were kept, that of the newest log handled by then: whatever comes
  -- again is older, and what is really new is newer.
  ALTER TABLE segment_fact ADD COLUMN block INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE segment_fact ADD COLUMN log_index INTEGER NOT NULL DEFAULT 0;
  UPDATE segment_fact SET (block, log_index) =
    (SELECT block, log_index FROM cursor ORDER BY block DESC, log_index DESC LIMIT 1)
    WHERE EXISTS (SELECT 1 FROM cursor);
`;

const ENDS = `
  -- Committees that were followed, and proposals that were withdrawn. Earlier ends are not recorded: an upload that they could stop
  -- ended with the process that took it.
  CREATE TABLE ended_committee (
    study_id BLOB NOT NULL CHECK (length(study_id) = 32),
    epoch INTEGER NOT NULL,
    PRIMARY KEY (study_id, epoch)
  ) STRICT, WITHOUT ROWID;
`;

const PLANS = `
  -- How a request's gate was planned by the first attempt that was recorded here. Of what was recorded before, it is not known.
  CREATE TABLE planned_gate (
    request_id BLOB PRIMARY KEY REFERENCES disclosure (request_id),
    -- ids of the requests whose answers it was tested against, ascending
    history BLOB NOT NULL CHECK (length(history) % 32 = 0),
    -- as of which these answers were known
    block INTEGER NOT NULL,
    -- indices of the outputs that were hidden when others were about to open, ascending, JSON
    hidden_outputs TEXT
  ) STRICT, WITHOUT ROWID;
`;

export const COMMITTEE_MIGRATIONS: readonly string[] = [
  HOLDINGS,
  ERASURES,
  CHECKS,
  FACTS,
  ENDINGS,
  NEEDED_CHECKS,
  STUDIES,
  PLACES,
  ENDS,
  PLANS,
];
