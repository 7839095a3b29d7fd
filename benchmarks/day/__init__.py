"""The parts of the election day as a run: installation, web server, booths, voters, films, figures, checks, trouble."""
