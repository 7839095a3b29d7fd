-- Invitations and recovery codes are the web's; the auditor sees none of them.
DO $$
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('sv_web', 'sv_sealer', 'sv_results', 'sv_auditor')) < 4 THEN
        RETURN;
    END IF;
    GRANT SELECT, INSERT, UPDATE, DELETE ON recovery_codes, staff_links, staff_link_elections TO sv_web, sv_sealer;
    GRANT USAGE ON SEQUENCE recovery_codes_id_seq, staff_links_id_seq TO sv_web, sv_sealer;
END
$$;
