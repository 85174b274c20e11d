// Check a static tlog-tiles tree with Go's own implementation of the
// transparency log (golang.org/x/mod/sumdb), which shares no line with ours:
// the checkpoint's signature, every entry against its leaf hash and its
// inclusion proof, the root, and consistency with every earlier size.
//
//	check_tiles VKEY-FILE DIR
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func fail(format string, args ...interface{}) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

func must(err error) {
	if err != nil {
		fail("%v", err)
	}
}

// Tiles from files, under C2SP's names ("tile/8/0/…" there is "tile/0/…").
type reader struct{ dir string }

func (r reader) Height() int { return 8 }
func (r reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		name := "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
		bytes, err := os.ReadFile(filepath.Join(r.dir, name))
		if err != nil {
			return nil, err
		}
		all = append(all, bytes)
	}
	return all, nil
}
func (r reader) SaveTiles([]tlog.Tile, [][]byte) {}

func bundle(dir string, n int64, size int64) []byte {
	tile := tlog.Tile{H: 8, L: 0, N: n, W: 256}
	if left := size - n*256; left < 256 {
		tile.W = int(left)
	}
	name := "tile/entries/" + strings.TrimPrefix(tile.Path(), "tile/8/0/")
	bytes, err := os.ReadFile(filepath.Join(dir, name))
	must(err)
	return bytes
}

func main() {
	vkey, err := os.ReadFile(os.Args[1])
	must(err)
	dir := os.Args[2]
	verifier, err := note.NewVerifier(strings.TrimSpace(string(vkey)))
	must(err)
	signed, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	must(err)
	opened, err := note.Open(signed, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		fail("not a checkpoint of %s: %q", verifier.Name(), opened.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	raw, err := base64.StdEncoding.DecodeString(lines[2])
	must(err)
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], raw)
	hashes := tlog.TileHashReader(tree, reader{dir})
	root, err := tlog.TreeHash(size, hashes)
	must(err)
	if root != tree.Hash {
		fail("the tiles' root is not the checkpoint's")
	}
	for i := int64(0); i < size; {
		bytes := bundle(dir, i/256, size)
		for len(bytes) > 0 {
			length := int(binary.BigEndian.Uint16(bytes))
			leaf := tlog.RecordHash(bytes[2 : 2+length])
			bytes = bytes[2+length:]
			proof, err := tlog.ProveRecord(size, i, hashes)
			must(err)
			must(tlog.CheckRecord(proof, size, tree.Hash, i, leaf))
			i++
		}
	}
	for old := int64(1); old <= size; old++ {
		was, err := tlog.TreeHash(old, hashes)
		must(err)
		proof, err := tlog.ProveTree(size, old, hashes)
		must(err)
		must(tlog.CheckTree(proof, size, tree.Hash, old, was))
	}
	fmt.Printf("%d entries, all in the tree\n", size)
}
