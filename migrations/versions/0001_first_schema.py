"""The first schema: tables, promises, hashes, casting and sealing, roles.

Revision ID: 0001
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def run_file(name: str) -> None:
    op.get_bind().connection.cursor().execute((SQL / name).read_text())


def upgrade() -> None:
    create_tables()
    for name in ("hashing.sql", "guards.sql", "ballots.sql", "roles.sql"):
        run_file(name)


def downgrade() -> None:
    raise RuntimeError("The first schema holds votes; there is nothing to go back to.")


def create_tables() -> None:
    op.create_table('elections',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('public_id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('description', sa.Text(), server_default='', nullable=False),
    sa.Column('status', sa.Enum('draft', 'active', 'closed', 'archived', name='electionstatus', native_enum=False, create_constraint=True, length=32), server_default='draft', nullable=False),
    sa.Column('opens_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closes_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('activated_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('method', sa.Enum('plurality', 'approval', 'ranked', name='method', native_enum=False, create_constraint=True, length=32), server_default='plurality', nullable=False),
    sa.Column('seats', sa.BigInteger(), server_default='1', nullable=False),
    sa.Column('max_choices', sa.BigInteger(), server_default='1', nullable=False),
    sa.Column('secrecy', sa.Enum('secret', 'recorded', name='secrecy', native_enum=False, create_constraint=True, length=32), server_default='secret', nullable=False),
    sa.Column('results_policy', sa.Enum('live', 'after_close', name='resultspolicy', native_enum=False, create_constraint=True, length=32), server_default='after_close', nullable=False),
    sa.Column('live_batch', sa.BigInteger(), nullable=True),
    sa.Column('channels', postgresql.ARRAY(sa.Text()), server_default='{booth}', nullable=False),
    sa.Column('allowed_networks', postgresql.ARRAY(postgresql.CIDR()), server_default='{}', nullable=False),
    sa.Column('quorum_rule', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('ballot_length', sa.BigInteger(), nullable=True),
    sa.Column('box_public_key', sa.LargeBinary(), nullable=True),
    sa.Column('definition', sa.Text(), nullable=True),
    sa.Column('definition_hash', sa.LargeBinary(), nullable=True),
    sa.Column('definition_signature', sa.LargeBinary(), nullable=True),
    sa.Column('previous_round_id', sa.BigInteger(), nullable=True),
    sa.Column('box_key_destroyed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("channels <@ ARRAY['booth','link','account']", name=op.f('ck_elections_channels_known')),
    sa.CheckConstraint("status = 'draft' OR (definition IS NOT NULL AND definition_hash IS NOT NULL AND definition_signature IS NOT NULL AND activated_at IS NOT NULL AND (secrecy = 'recorded' OR (box_public_key IS NOT NULL AND ballot_length IS NOT NULL)))", name=op.f('ck_elections_defined_when_active')),
    sa.CheckConstraint('closes_at > opens_at', name=op.f('ck_elections_closes_after_opening')),
    sa.CheckConstraint('live_batch IS NULL OR live_batch >= 50', name=op.f('ck_elections_live_batch_size')),
    sa.CheckConstraint('max_choices >= 1 AND seats >= 1', name=op.f('ck_elections_choices_positive')),
    sa.ForeignKeyConstraint(['previous_round_id'], ['elections.id'], name=op.f('fk_elections_previous_round_id_elections')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_elections')),
    sa.UniqueConstraint('id', 'ballot_length', name=op.f('uq_elections_id_ballot_length')),
    sa.UniqueConstraint('id', 'secrecy', name=op.f('uq_elections_id_secrecy')),
    sa.UniqueConstraint('public_id', name=op.f('uq_elections_public_id'))
    )
    op.create_table('email_messages',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('recipient', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=True),
    sa.Column('attachment_path', sa.Text(), nullable=True),
    sa.Column('dedupe_key', sa.Text(), nullable=True),
    sa.Column('status', sa.Enum('queued', 'sending', 'sent', 'failed', 'bounced', name='mailstatus', native_enum=False, create_constraint=True, length=32), server_default='queued', nullable=False),
    sa.Column('attempts', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.Column('next_attempt_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('locked_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_email_messages')),
    sa.UniqueConstraint('dedupe_key', name=op.f('uq_email_messages_dedupe_key'))
    )
    op.create_index('ix_email_messages_due', 'email_messages', ['next_attempt_at'], unique=False, postgresql_where=sa.text("status IN ('queued', 'sending')"))
    op.create_table('groups',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_groups')),
    sa.UniqueConstraint('name', name=op.f('uq_groups_name'))
    )
    op.create_table('installation_keys',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('fingerprint', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_installation_keys'))
    )
    op.create_table('login_failures',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('username', sa.Text(), nullable=False),
    sa.Column('ip_address', postgresql.INET(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_login_failures'))
    )
    op.create_index('ix_login_failures_username_ip_address_created_at', 'login_failures', ['username', 'ip_address', 'created_at'], unique=False)
    op.create_table('parties',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('symbol_path', sa.Text(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_parties')),
    sa.UniqueConstraint('name', name=op.f('uq_parties_name'))
    )
    op.create_table('rate_limit_hits',
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('count', sa.BigInteger(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_rate_limit_hits')),
    prefixes=['UNLOGGED']
    )
    op.create_table('staff_users',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('username', sa.Text(), nullable=False),
    sa.Column('email', sa.Text(), nullable=True),
    sa.Column('password_hash', sa.Text(), nullable=False),
    sa.Column('role', sa.Enum('admin', 'officer', 'observer', name='staffrole', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('totp_secret', sa.LargeBinary(), nullable=True),
    sa.Column('is_active', sa.Boolean(), server_default='true', nullable=False),
    sa.Column('last_login_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff_users')),
    sa.UniqueConstraint('username', name=op.f('uq_staff_users_username'))
    )
    op.create_index('uq_staff_users_email_lower', 'staff_users', [sa.literal_column('lower(email)')], unique=True)
    op.create_table('voters',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('voter_id', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('dob', sa.Date(), nullable=True),
    sa.Column('gender', sa.Enum('female', 'male', 'other', 'undisclosed', name='gender', native_enum=False, create_constraint=True, length=32), server_default='undisclosed', nullable=False),
    sa.Column('email', sa.Text(), nullable=True),
    sa.Column('phone', sa.Text(), nullable=True),
    sa.Column('password_hash', sa.Text(), nullable=True),
    sa.Column('status', sa.Enum('pending', 'verified', 'suspended', name='voterstatus', native_enum=False, create_constraint=True, length=32), server_default='verified', nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_voters')),
    sa.UniqueConstraint('voter_id', name=op.f('uq_voters_voter_id'))
    )
    op.create_index('uq_voters_email_lower', 'voters', [sa.literal_column('lower(email)')], unique=True)
    op.create_table('audit_logs',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('event_type', sa.Text(), nullable=False),
    sa.Column('actor', sa.Text(), nullable=False),
    sa.Column('election_id', sa.BigInteger(), nullable=True),
    sa.Column('details', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('row_hash', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['election_id'], ['elections.id'], name=op.f('fk_audit_logs_election_id_elections')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_logs'))
    )
    op.create_index('ix_audit_logs_election_id_created_at', 'audit_logs', ['election_id', 'created_at'], unique=False)
    op.create_table('ballot_box',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False),
    sa.Column('election_id', sa.BigInteger(), nullable=False),
    sa.Column('ballot_length', sa.BigInteger(), nullable=False),
    sa.Column('sealed_payload', sa.LargeBinary(), nullable=False),
    sa.CheckConstraint('octet_length(sealed_payload) = ballot_length', name=op.f('ck_ballot_box_one_length')),
    sa.ForeignKeyConstraint(['election_id', 'ballot_length'], ['elections.id', 'elections.ballot_length'], name=op.f('fk_ballot_box_election_id_ballot_length_elections')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ballot_box'))
    )
    op.create_index('ix_ballot_box_election_id', 'ballot_box', ['election_id'], unique=False)
    op.create_table('ballot_receipts',
    sa.Column('election_id', sa.BigInteger(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['election_id'], ['elections.id'], name=op.f('fk_ballot_receipts_election_id_elections')),
    sa.PrimaryKeyConstraint('election_id', 'code', name=op.f('pk_ballot_receipts'))
    )
    op.create_table('ballots',
    sa.Column('election_id', sa.BigInteger(), nullable=False),
    sa.Column('seq', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('payload', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('previous_hash', sa.LargeBinary(), nullable=False),
    sa.Column('ballot_hash', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['election_id'], ['elections.id'], name=op.f('fk_ballots_election_id_elections')),
    sa.PrimaryKeyConstraint('election_id', 'seq', name=op.f('pk_ballots')),
    sa.UniqueConstraint('election_id', 'previous_hash', name=op.f('uq_ballots_election_id_previous_hash'))
    )
    op.create_table('candidates',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('election_id', sa.BigInteger(), nullable=False),
    sa.Column('party_id', sa.BigInteger(), nullable=True),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('description', sa.Text(), server_default='', nullable=False),
    sa.Column('image_path', sa.Text(), nullable=True),
    sa.Column('display_order', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['election_id'], ['elections.id'], name=op.f('fk_candidates_election_id_elections'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['party_id'], ['parties.id'], name=op.f('fk_candidates_party_id_parties'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_candidates')),
    sa.UniqueConstraint('election_id', 'name', name=op.f('uq_candidates_election_id_name')),
    sa.UniqueConstraint('id', 'election_id', name=op.f('uq_candidates_id_election_id'))
    )
    op.create_index(op.f('ix_candidates_election_id'), 'candidates', ['election_id'], unique=False)
    op.create_index(op.f('ix_candidates_party_id'), 'candidates', ['party_id'], unique=False)
    op.create_table('consents',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('voter_id', sa.BigInteger(), nullable=False),
    sa.Column('text_version', sa.Text(), nullable=False),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['voter_id'], ['voters.id'], name=op.f('fk_consents_voter_id_voters'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consents'))
    )
    op.create_index(op.f('ix_consents_voter_id'), 'consents', ['voter_id'], unique=False)
    op.create_table('election_staff',
    sa.Column('election_id', sa.BigInteger(), nullable=False),
    sa.Column('staff_user_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['election_id'], ['elections.id'], name=op.f('fk_election_staff_election_id_elections'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['staff_user_id'], ['staff_users.id'], name=op.f('fk_election_staff_staff_user_id_staff_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('election_id', 'staff_user_id', name=op.f('pk_election_staff'))
    )
    op.create_table('group_members',
    sa.Column('group_id', sa.BigInteger(), nullable=False),
    sa.Column('voter_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['group_id'], ['groups.id'], name=op.f('fk_group_members_group_id_groups'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['voter_id'], ['voters.id'], name=op.f('fk_group_members_voter_id_voters'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('group_id', 'voter_id', name=op.f('pk_group_members'))
    )
    op.create_index(op.f('ix_group_members_voter_id'), 'group_members', ['voter_id'], unique=False)
    op.create_table('kiosks',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('election_id', sa.BigInteger(), nullable=False),
    sa.Column('opened_by', sa.BigInteger(), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(), nullable=False),
    sa.Column('ip_address', sa.Text(), nullable=True),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['election_id'], ['elections.id'], name=op.f('fk_kiosks_election_id_elections')),
    sa.ForeignKeyConstraint(['opened_by'], ['staff_users.id'], name=op.f('fk_kiosks_opened_by_staff_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_kiosks')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_kiosks_token_hash'))
    )
    op.create_index(op.f('ix_kiosks_election_id'), 'kiosks', ['election_id'], unique=False)
    op.create_table('roll_entries',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('election_id', sa.BigInteger(), nullable=False),
    sa.Column('voter_id', sa.BigInteger(), nullable=False),
    sa.Column('has_voted', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('channel', sa.Enum('booth', 'link', 'account', name='channel', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['election_id'], ['elections.id'], name=op.f('fk_roll_entries_election_id_elections'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['voter_id'], ['voters.id'], name=op.f('fk_roll_entries_voter_id_voters'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_roll_entries')),
    sa.UniqueConstraint('election_id', 'voter_id', name=op.f('uq_roll_entries_election_id_voter_id'))
    )
    op.create_index(op.f('ix_roll_entries_voter_id'), 'roll_entries', ['voter_id'], unique=False)
    op.create_table('seal_batches',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('election_id', sa.BigInteger(), nullable=False),
    sa.Column('final', sa.Boolean(), nullable=False),
    sa.Column('sealed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['election_id'], ['elections.id'], name=op.f('fk_seal_batches_election_id_elections')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_seal_batches'))
    )
    op.create_index(op.f('ix_seal_batches_election_id'), 'seal_batches', ['election_id'], unique=False)
    op.create_table('spoiled_ballots',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False),
    sa.Column('election_id', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('sealed_payload', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['election_id'], ['elections.id'], name=op.f('fk_spoiled_ballots_election_id_elections')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_spoiled_ballots'))
    )
    op.create_index(op.f('ix_spoiled_ballots_election_id'), 'spoiled_ballots', ['election_id'], unique=False)
    op.create_table('staff_sessions',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('staff_user_id', sa.BigInteger(), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(), nullable=False),
    sa.Column('election_id', sa.BigInteger(), nullable=True),
    sa.Column('ip_address', sa.Text(), nullable=True),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['election_id'], ['elections.id'], name=op.f('fk_staff_sessions_election_id_elections'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['staff_user_id'], ['staff_users.id'], name=op.f('fk_staff_sessions_staff_user_id_staff_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff_sessions')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_staff_sessions_token_hash'))
    )
    op.create_index(op.f('ix_staff_sessions_staff_user_id'), 'staff_sessions', ['staff_user_id'], unique=False)
    op.create_table('tallies',
    sa.Column('election_id', sa.BigInteger(), nullable=False),
    sa.Column('choice', sa.Text(), nullable=False),
    sa.Column('count', sa.BigInteger(), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['election_id'], ['elections.id'], name=op.f('fk_tallies_election_id_elections')),
    sa.PrimaryKeyConstraint('election_id', 'choice', name=op.f('pk_tallies'))
    )
    op.create_table('voter_faces',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('voter_id', sa.BigInteger(), nullable=False),
    sa.Column('slot', sa.BigInteger(), nullable=False),
    sa.Column('encoding', sa.LargeBinary(), nullable=False),
    sa.Column('quality', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('image_snapshot_path', sa.Text(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('slot BETWEEN 1 AND 5', name=op.f('ck_voter_faces_slot_range')),
    sa.ForeignKeyConstraint(['voter_id'], ['voters.id'], name=op.f('fk_voter_faces_voter_id_voters'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_voter_faces')),
    sa.UniqueConstraint('voter_id', 'slot', name=op.f('uq_voter_faces_voter_id_slot'))
    )
    op.create_table('auth_events',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('election_id', sa.BigInteger(), nullable=True),
    sa.Column('kiosk_id', sa.BigInteger(), nullable=True),
    sa.Column('voter_id', sa.BigInteger(), nullable=True),
    sa.Column('voter_id_input', sa.Text(), nullable=False),
    sa.Column('result', sa.Enum('success', 'mismatch', 'unknown', name='authresult', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('method', sa.Enum('face', 'document', name='authmethod', native_enum=False, create_constraint=True, length=32), server_default='face', nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('distance', sa.Double(), nullable=True),
    sa.Column('suspicion_score', sa.Double(), nullable=True),
    sa.Column('liveness', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('snapshot_path', sa.Text(), nullable=True),
    sa.Column('ip_address', sa.Text(), nullable=True),
    sa.Column('user_agent', sa.Text(), nullable=True),
    sa.Column('channel', sa.Enum('booth', 'link', 'account', name='channel', native_enum=False, create_constraint=True, length=32), server_default='booth', nullable=False),
    sa.Column('review', sa.Enum('pending', 'confirmed', 'rejected', name='review', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('suspicion_score IS NULL OR suspicion_score BETWEEN 0 AND 1', name=op.f('ck_auth_events_suspicion_range')),
    sa.ForeignKeyConstraint(['election_id'], ['elections.id'], name=op.f('fk_auth_events_election_id_elections')),
    sa.ForeignKeyConstraint(['kiosk_id'], ['kiosks.id'], name=op.f('fk_auth_events_kiosk_id_kiosks')),
    sa.ForeignKeyConstraint(['voter_id'], ['voters.id'], name=op.f('fk_auth_events_voter_id_voters'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_auth_events'))
    )
    op.create_index('ix_auth_events_election_id_voter_id_created_at', 'auth_events', ['election_id', 'voter_id', 'created_at'], unique=False)
    op.create_table('challenges',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False),
    sa.Column('kiosk_id', sa.BigInteger(), nullable=False),
    sa.Column('election_id', sa.BigInteger(), nullable=False),
    sa.Column('voter_id', sa.BigInteger(), nullable=False),
    sa.Column('steps', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('state', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['election_id'], ['elections.id'], name=op.f('fk_challenges_election_id_elections')),
    sa.ForeignKeyConstraint(['kiosk_id'], ['kiosks.id'], name=op.f('fk_challenges_kiosk_id_kiosks')),
    sa.ForeignKeyConstraint(['voter_id'], ['voters.id'], name=op.f('fk_challenges_voter_id_voters'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_challenges'))
    )
    op.create_index('ix_challenges_election_id_voter_id', 'challenges', ['election_id', 'voter_id'], unique=False)
    op.create_index(op.f('ix_challenges_kiosk_id'), 'challenges', ['kiosk_id'], unique=False)
    op.create_table('seal_batch_members',
    sa.Column('batch_id', sa.BigInteger(), nullable=False),
    sa.Column('box_id', sa.UUID(), nullable=False),
    sa.ForeignKeyConstraint(['batch_id'], ['seal_batches.id'], name=op.f('fk_seal_batch_members_batch_id_seal_batches'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('batch_id', 'box_id', name=op.f('pk_seal_batch_members'))
    )
    op.create_table('votes',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('election_id', sa.BigInteger(), nullable=False),
    sa.Column('secrecy', sa.Enum('secret', 'recorded', name='secrecy', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('voter_id', sa.BigInteger(), nullable=False),
    sa.Column('cast_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('audit_ref', sa.Text(), nullable=False),
    sa.Column('channel', sa.Enum('booth', 'link', 'account', name='channel', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('candidate_id', sa.BigInteger(), nullable=True),
    sa.Column('nota', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('idempotency_hash', sa.LargeBinary(), nullable=False),
    sa.CheckConstraint("secrecy = 'recorded' OR (candidate_id IS NULL AND NOT nota)", name=op.f('ck_votes_secret_holds_no_choice')),
    sa.CheckConstraint('NOT (nota AND candidate_id IS NOT NULL)', name=op.f('ck_votes_nota_or_candidate')),
    sa.ForeignKeyConstraint(['candidate_id', 'election_id'], ['candidates.id', 'candidates.election_id'], name=op.f('fk_votes_candidate_id_election_id_candidates')),
    sa.ForeignKeyConstraint(['election_id', 'secrecy'], ['elections.id', 'elections.secrecy'], name=op.f('fk_votes_election_id_secrecy_elections')),
    sa.ForeignKeyConstraint(['election_id', 'voter_id'], ['roll_entries.election_id', 'roll_entries.voter_id'], name=op.f('fk_votes_election_id_voter_id_roll_entries')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_votes')),
    sa.UniqueConstraint('audit_ref', name=op.f('uq_votes_audit_ref')),
    sa.UniqueConstraint('election_id', 'idempotency_hash', name=op.f('uq_votes_election_id_idempotency_hash')),
    sa.UniqueConstraint('election_id', 'voter_id', name=op.f('uq_votes_election_id_voter_id'))
    )
    op.create_index('ix_votes_election_id_candidate_id', 'votes', ['election_id', 'candidate_id'], unique=False)
    op.create_table('ballot_passes',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False),
    sa.Column('kiosk_id', sa.BigInteger(), nullable=False),
    sa.Column('election_id', sa.BigInteger(), nullable=False),
    sa.Column('voter_id', sa.BigInteger(), nullable=False),
    sa.Column('auth_event_id', sa.BigInteger(), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('extensions', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['auth_event_id'], ['auth_events.id'], name=op.f('fk_ballot_passes_auth_event_id_auth_events')),
    sa.ForeignKeyConstraint(['election_id'], ['elections.id'], name=op.f('fk_ballot_passes_election_id_elections')),
    sa.ForeignKeyConstraint(['kiosk_id'], ['kiosks.id'], name=op.f('fk_ballot_passes_kiosk_id_kiosks')),
    sa.ForeignKeyConstraint(['voter_id'], ['voters.id'], name=op.f('fk_ballot_passes_voter_id_voters'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ballot_passes'))
    )
    op.create_index('ix_ballot_passes_election_id_voter_id', 'ballot_passes', ['election_id', 'voter_id'], unique=False)
    op.create_index(op.f('ix_ballot_passes_kiosk_id'), 'ballot_passes', ['kiosk_id'], unique=False)
    op.create_table('recorded_choices',
    sa.Column('vote_id', sa.BigInteger(), nullable=False),
    sa.Column('candidate_id', sa.BigInteger(), nullable=False),
    sa.Column('rank', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['candidate_id'], ['candidates.id'], name=op.f('fk_recorded_choices_candidate_id_candidates')),
    sa.ForeignKeyConstraint(['vote_id'], ['votes.id'], name=op.f('fk_recorded_choices_vote_id_votes')),
    sa.PrimaryKeyConstraint('vote_id', 'candidate_id', name=op.f('pk_recorded_choices'))
    )
