"""Names the structs over a bound that object files have, as their DWARF says.

	structs.py BYTES FILE...

One line each, "SIZE NAME FILE"; exit 1 if there is one, 2 if there is no struct
at all: the files were built without -g.
"""
import re
import subprocess
import sys

NAME = re.compile(r"DW_AT_name\s*: (?:\(.*?\): )?(\S+)")
SIZE = re.compile(r"DW_AT_byte_size\s*: (?:\(.*?\) )?(\w+)")


def structs(path):
    """Yields the name and the size of each struct and union."""
    name = size = inside = None
    text = subprocess.run(
        ["readelf", "--debug-dump=info", path],
        check=True, capture_output=True, text=True, errors="replace").stdout
    for line in text.splitlines() + ["DW_TAG_"]:
        if "DW_TAG_" in line:
            if size is not None:
                yield name or "without a name", size
            name = size = None
            inside = "structure_type" in line or "union_type" in line
        elif inside:
            if found := NAME.search(line):
                name = found[1]
            elif found := SIZE.search(line):
                size = int(found[1], 0)


def main():
    bound, large, some = int(sys.argv[1]), {}, False
    for path in sys.argv[2:]:
        for name, size in structs(path):
            some = True
            if size > bound:
                large[name, size] = path
    for (name, size), path in sorted(large.items()):
        print(size, name, path)
    sys.exit(1 if large else 0 if some else 2)


main()
