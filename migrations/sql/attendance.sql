-- The web keeps meetings and takes check-ins; the worker closes meetings, forgets what is over, and reads paths of
-- pictures to know which files are in use. Results and auditor see nothing of it: presence is no part of a count.
DO $$
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('sv_web', 'sv_sealer', 'sv_results', 'sv_auditor')) < 4 THEN
        RETURN;
    END IF;
    GRANT SELECT, INSERT, UPDATE, DELETE
        ON attendance_sessions, attendance_attempts, attendance_records, presence_flags, devices, device_reset_requests
        TO sv_web;
    GRANT SELECT
        ON attendance_sessions, attendance_attempts, attendance_records, presence_flags, devices, device_reset_requests
        TO sv_sealer;
    GRANT UPDATE ON attendance_sessions, attendance_records, attendance_attempts TO sv_sealer;
    GRANT DELETE ON attendance_attempts TO sv_sealer;
    GRANT USAGE ON SEQUENCE attendance_sessions_id_seq, attendance_records_id_seq, presence_flags_id_seq,
        devices_id_seq, device_reset_requests_id_seq TO sv_web;
END
$$;
