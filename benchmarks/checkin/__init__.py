"""Members who check in to one meeting, as `benchmarks.checkin_load` plays them."""
