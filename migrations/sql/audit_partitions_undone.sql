-- One table again: all rows are copied, and hash as they did.
CREATE TABLE audit_logs_whole (LIKE audit_logs INCLUDING DEFAULTS);
INSERT INTO audit_logs_whole SELECT * FROM audit_logs;
ALTER TABLE audit_chain DROP CONSTRAINT fk_audit_chain_audit_log_id_audit_logs;
ALTER SEQUENCE audit_logs_id_seq OWNED BY audit_logs_whole.id;
DROP TABLE audit_logs;
DROP FUNCTION sv_make_audit_partitions(bigint), sv_audit_room(), sv_audit_end();
ALTER TABLE audit_logs_whole RENAME TO audit_logs;
ALTER TABLE audit_logs ADD CONSTRAINT pk_audit_logs PRIMARY KEY (id);
CREATE INDEX ix_audit_logs_election_id_created_at ON audit_logs (election_id, created_at);
CREATE INDEX ix_audit_logs_election_id_id ON audit_logs (election_id, id);
CREATE INDEX ix_audit_logs_event_type_id ON audit_logs (event_type, id);
CREATE INDEX ix_audit_logs_actor_id ON audit_logs (actor, id);
CREATE INDEX ix_audit_logs_created_at ON audit_logs (created_at);
CREATE TRIGGER audit_logs_unchangeable BEFORE UPDATE OR DELETE ON audit_logs FOR EACH ROW EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER audit_logs_no_truncate BEFORE TRUNCATE ON audit_logs EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER audit_logs_hash BEFORE INSERT ON audit_logs FOR EACH ROW EXECUTE FUNCTION sv_hash_audit_row();
ALTER TABLE audit_chain ADD CONSTRAINT fk_audit_chain_audit_log_id_audit_logs
    FOREIGN KEY (audit_log_id) REFERENCES audit_logs (id);
DO $$
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('sv_web', 'sv_sealer', 'sv_results', 'sv_auditor')) = 4 THEN
        GRANT SELECT, INSERT ON audit_logs TO sv_web, sv_sealer;
        GRANT SELECT ON audit_logs TO sv_auditor;
    END IF;
END
$$;
