"""Rules and work. Services never see HTTP; see docs/architecture.md for their layers."""
