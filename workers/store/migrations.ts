/**
 * The store's schema, as numbered steps: step i takes a file from version i to i + 1. A step that has shipped is never
 * edited; a change is a new step at the end.
 *
 * Ids and hashes are stored as bytes, integers as integers, so that keys are short and comparisons exact.
 */
import { COMMITTEE_MIGRATIONS } from "./committeeMigrations.ts";

export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE dataset (
    id INTEGER PRIMARY KEY,
    dataset_id BLOB NOT NULL UNIQUE CHECK (length(dataset_id) = 32),
    -- 1: its shares and key are gone for good
    erased INTEGER NOT NULL DEFAULT 0 CHECK (erased IN (0, 1))
  ) STRICT;

  -- What the chain says: which file of this worker's is version v.
  CREATE TABLE activation (
    dataset INTEGER NOT NULL REFERENCES dataset (id),
    version INTEGER NOT NULL CHECK (version >= 1),
    file_hash BLOB NOT NULL CHECK (length(file_hash) = 32),
    PRIMARY KEY (dataset, version)
  ) STRICT, WITHOUT ROWID;

  -- What owners sent: several files may claim the same version until one is activated.
  CREATE TABLE segment (
    id INTEGER PRIMARY KEY,
    dataset INTEGER NOT NULL REFERENCES dataset (id),
    version INTEGER NOT NULL CHECK (version >= 1),
    file_hash BLOB NOT NULL CHECK (length(file_hash) = 32),
    epoch INTEGER NOT NULL,
    row_count INTEGER NOT NULL CHECK (row_count >= 1),
    -- the share file's public header, JSON, integers beyond 2^53 as text
    header TEXT NOT NULL,
    seeds BLOB NOT NULL,
    UNIQUE (dataset, version, file_hash)
  ) STRICT;

  CREATE TABLE stored_column (
    id INTEGER PRIMARY KEY,
    segment INTEGER NOT NULL REFERENCES segment (id),
    column_id BLOB NOT NULL CHECK (length(column_id) = 32),
    UNIQUE (segment, column_id)
  ) STRICT;

  -- id = stored_column.id * 2^20 + chunk number: one integer key, chunks of a column side by side
  CREATE TABLE chunk (
    id INTEGER PRIMARY KEY,
    ciphertext BLOB NOT NULL
  ) STRICT;

  CREATE TABLE cursor (
    name TEXT PRIMARY KEY,
    block INTEGER NOT NULL,
    block_hash BLOB NOT NULL CHECK (length(block_hash) = 32),
    log_index INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE request (
    request_id BLOB PRIMARY KEY CHECK (length(request_id) = 32),
    query_contract BLOB NOT NULL CHECK (length(query_contract) = 20),
    block INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'answered', 'refused', 'expired', 'failed')),
    last_attempt INTEGER NOT NULL DEFAULT 0,
    -- the event that made the request, JSON, public
    event TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX request_by_state ON request (state, block);

  CREATE TABLE signed_statement (
    request_id BLOB NOT NULL REFERENCES request (request_id),
    attempt INTEGER NOT NULL,
    statement BLOB NOT NULL CHECK (length(statement) = 32),
    result_hash BLOB NOT NULL CHECK (length(result_hash) = 32),
    PRIMARY KEY (request_id, attempt)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE upload_nonce (
    signer BLOB NOT NULL CHECK (length(signer) = 20),
    nonce BLOB NOT NULL CHECK (length(nonce) = 32),
    deadline INTEGER NOT NULL,
    PRIMARY KEY (signer, nonce)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- What was signed, JSON, until the request is settled: a restarted worker sends it again.
  ALTER TABLE signed_statement ADD COLUMN verdict TEXT;
  `,
  `
  -- A request whose answer was opened, or may have been; what the chain says of the answer is NULL until it says it.
  CREATE TABLE disclosure (
    request_id BLOB PRIMARY KEY REFERENCES request (request_id),
    study_id BLOB NOT NULL CHECK (length(study_id) = 32),
    answered_block INTEGER,
    -- 0x-hex
    suppressed_bitmap TEXT,
    -- indices of the outputs posted as 0, ascending, JSON
    zero_outputs TEXT,
    CHECK ((answered_block IS NULL) = (suppressed_bitmap IS NULL) AND (answered_block IS NULL) = (zero_outputs IS NULL))
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX disclosure_by_study ON disclosure (study_id, request_id);

  -- What this worker was about to open.
  CREATE TABLE opening (
    request_id BLOB NOT NULL REFERENCES disclosure (request_id),
    attempt INTEGER NOT NULL CHECK (attempt >= 1),
    stage TEXT NOT NULL CHECK (stage IN ('tests', 'outputs')),
    -- 1: the attempt ended in a refusal, its outputs never opened
    closed INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1)),
    PRIMARY KEY (request_id, attempt)
  ) STRICT, WITHOUT ROWID;

  -- Attempts made before there was this record may have opened their outputs, unless the request was refused.
  INSERT INTO disclosure (request_id, study_id)
    SELECT request_id, study_id FROM (
      SELECT request_id, unhex(substr(iif(json_valid(event), json_extract(event, '$.context.studyId'), NULL), 3)) AS study_id
      FROM request WHERE last_attempt > 0 AND state <> 'refused'
    ) WHERE length(study_id) = 32;
  INSERT INTO opening (request_id, attempt, stage)
    SELECT request_id, last_attempt, 'outputs' FROM request JOIN disclosure USING (request_id);

  -- Which of them were answered, and how, is on the chain: it is followed again from the start, without effect otherwise.
  DELETE FROM cursor;
  `,
  `
  -- Whether an activated version's columns were found well-formed.
  CREATE TABLE input_check (
    check_id BLOB PRIMARY KEY CHECK (length(check_id) = 32),
    dataset_id BLOB NOT NULL CHECK (length(dataset_id) = 32),
    version INTEGER NOT NULL CHECK (version >= 1),
    state TEXT NOT NULL DEFAULT 'unchecked' CHECK (state IN ('unchecked', 'checked', 'rejected')),
    -- of a rejected version only
    reason TEXT CHECK ((reason IS NULL) = (state <> 'rejected')),
    last_attempt INTEGER NOT NULL DEFAULT 0,
    -- the activation's event, JSON, public
    activation TEXT NOT NULL,
    UNIQUE (dataset_id, version)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Mask keys of sealed answers, each encrypted to a recipient: JSON, public once the answer is.
  CREATE TABLE key_copies (
    request_id BLOB NOT NULL REFERENCES request (request_id),
    attempt INTEGER NOT NULL CHECK (attempt >= 1),
    -- of the answer that they belong to
    sealed_hash BLOB NOT NULL CHECK (length(sealed_hash) = 32),
    copies TEXT NOT NULL,
    -- 1: this attempt was answered
    due INTEGER NOT NULL DEFAULT 0 CHECK (due IN (0, 1)),
    PRIMARY KEY (request_id, attempt)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- The worker that the store belongs to: the member's name, not its key.
  CREATE TABLE owner (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    member BLOB NOT NULL CHECK (length(member) = 20)
  ) STRICT;
  `,
  `
  -- Two signatures of one member under one question: JSON, public.
  CREATE TABLE equivocation (
    request_id BLOB NOT NULL REFERENCES request (request_id),
    -- its Shamir point
    signer INTEGER NOT NULL CHECK (signer BETWEEN 1 AND 7),
    evidence TEXT NOT NULL,
    PRIMARY KEY (request_id, signer)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Datasets retired on chain, of committees this worker sits in.
  CREATE TABLE retirement (
    dataset_id BLOB PRIMARY KEY CHECK (length(dataset_id) = 32),
    study_id BLOB NOT NULL CHECK (length(study_id) = 32),
    -- this worker's
    point INTEGER NOT NULL CHECK (point BETWEEN 1 AND 7),
    -- of the event
    block INTEGER NOT NULL,
    -- 1: the chain has this worker's receipt
    confirmed INTEGER NOT NULL DEFAULT 0 CHECK (confirmed IN (0, 1)),
    -- what this worker signed: public
    version INTEGER,
    signature TEXT,
    CHECK ((version IS NULL) = (signature IS NULL))
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Of the answer's outputs, where copies are due: who publishes says it.
  ALTER TABLE key_copies ADD COLUMN outputs_hash BLOB CHECK (outputs_hash IS NULL OR length(outputs_hash) = 32);
  `,
  ...COMMITTEE_MIGRATIONS,
];
