"""What serves models: one backend a file, found by its name; nothing else has to know it.

A backend says with NAMED_BY whether its endpoints have a "name" or an "address", and with `is_for(registry)` beside
which registries they are found. `reader(lines)` answers them to be looked at (ports.Serving; by address, ports.Servers)
and `writer(lines)` to be changed (ports.Endpoints). What has no NAMED_BY is for tests, or shared.
"""
