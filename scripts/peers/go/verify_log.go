// Checks an exported log with the Go project's own packages, which know nothing of ours:
// golang.org/x/mod/sumdb/note for signatures and golang.org/x/mod/sumdb/tlog for tiles, roots and proofs.
//
//	verify_log log DIR VKEY                       every tile, every entry, the signed root
//	verify_log proof FILE.tlog-proof ENTRY VKEY   one entry against one signed checkpoint
//	verify_log growth DIR OLD_CHECKPOINT VKEY     the log of DIR has OLD_CHECKPOINT as its beginning
//
// DIR holds the files of C2SP tlog-tiles: checkpoint, tile/<L>/<N>, tile/entries/<N>. Exit code 0 means accepted, 1 refused.
package main

import (
	"bytes"
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

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

type checkpoint struct {
	origin string
	tree   tlog.Tree
}

// openCheckpoint verifies the note's signature and reads the three lines that C2SP tlog-checkpoint prescribes.
func openCheckpoint(text []byte, vkey string) (checkpoint, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return checkpoint{}, err
	}
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return checkpoint{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return checkpoint{}, fmt.Errorf("the checkpoint is not one of %s", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || strconv.FormatInt(size, 10) != lines[1] || size < 0 {
		return checkpoint{}, fmt.Errorf("bad size line %q", lines[1])
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return checkpoint{}, fmt.Errorf("bad root line %q", lines[2])
	}
	result := checkpoint{origin: lines[0], tree: tlog.Tree{N: size}}
	copy(result.tree.Hash[:], root)
	return result, nil
}

// directory reads tiles from files. tlog's paths carry the tile height, those of C2SP do not.
type directory string

func (d directory) Height() int { return tileHeight }

func (d directory) SaveTiles([]tlog.Tile, [][]byte) {}

func (d directory) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range tiles {
		content, err := os.ReadFile(d.path(tile))
		if err != nil {
			return nil, err
		}
		if len(content) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s has %d bytes", d.path(tile), len(content))
		}
		data = append(data, content)
	}
	return data, nil
}

func (d directory) path(tile tlog.Tile) string {
	name := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight))
	name = strings.TrimPrefix(name, "data/")
	if tile.L < 0 {
		return filepath.Join(string(d), "tile", "entries", name)
	}
	return filepath.Join(string(d), "tile", name)
}

// entries reads one bundle: length-prefixed entries, exactly as many as the tile is wide.
func (d directory) entries(tile tlog.Tile) ([][]byte, error) {
	rest, err := os.ReadFile(d.path(tile))
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(rest) > 0 {
		if len(rest) < 2 {
			return nil, fmt.Errorf("%s ends inside a length", d.path(tile))
		}
		length := int(binary.BigEndian.Uint16(rest))
		if len(rest) < 2+length {
			return nil, fmt.Errorf("%s ends inside an entry", d.path(tile))
		}
		entries = append(entries, rest[2:2+length])
		rest = rest[2+length:]
	}
	if len(entries) != tile.W {
		return nil, fmt.Errorf("%s has %d entries, not %d", d.path(tile), len(entries), tile.W)
	}
	return entries, nil
}

func verifyLog(dir, vkey string) error {
	text, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return err
	}
	signed, err := openCheckpoint(text, vkey)
	if err != nil {
		return err
	}
	var stored []tlog.Hash
	storage := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			hashes[i] = stored[index]
		}
		return hashes, nil
	})
	for first := int64(0); first < signed.tree.N; first += tileWidth {
		width := int64(tileWidth)
		if signed.tree.N-first < width {
			width = signed.tree.N - first
		}
		bundle := tlog.Tile{H: tileHeight, L: -1, N: first / tileWidth, W: int(width)}
		entries, err := directory(dir).entries(bundle)
		if err != nil {
			return err
		}
		for i, entry := range entries {
			hashes, err := tlog.StoredHashes(first+int64(i), entry, storage)
			if err != nil {
				return err
			}
			stored = append(stored, hashes...)
		}
	}
	root, err := tlog.TreeHash(signed.tree.N, storage)
	if err != nil {
		return err
	}
	if root != signed.tree.Hash {
		return fmt.Errorf("the entries give root %v, signed is %v", root, signed.tree.Hash)
	}
	if err := compareTiles(dir, signed.tree, storage); err != nil {
		return err
	}
	if err := proveSome(dir, signed.tree, stored); err != nil {
		return err
	}
	fmt.Printf("ok %s %d %v\n", signed.origin, signed.tree.N, signed.tree.Hash)
	return nil
}

// compareTiles holds every tile file against the hashes made from the entries.
func compareTiles(dir string, tree tlog.Tree, storage tlog.HashReader) error {
	for _, tile := range tlog.NewTiles(tileHeight, 0, tree.N) {
		// Narrower partial tiles belong to earlier sizes and are not exported.
		available := tree.N>>(tileHeight*uint(tile.L)) - tile.N<<tileHeight
		if tile.W < tileWidth && int64(tile.W) < available {
			continue
		}
		expected, err := tlog.ReadTileData(tile, storage)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(directory(dir).path(tile))
		if err != nil {
			return err
		}
		if !bytes.Equal(content, expected) {
			return fmt.Errorf("%s is not what the entries give", directory(dir).path(tile))
		}
	}
	return nil
}

// proveSome makes and checks inclusion proofs through the tile reader, which authenticates each tile against the signed root.
func proveSome(dir string, tree tlog.Tree, stored []tlog.Hash) error {
	reader := tlog.TileHashReader(tree, directory(dir))
	step := tree.N/64 + 1
	for n := int64(0); n < tree.N; n += step {
		proof, err := tlog.ProveRecord(tree.N, n, reader)
		if err != nil {
			return err
		}
		leaf := stored[tlog.StoredHashIndex(0, n)]
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, n, leaf); err != nil {
			return err
		}
	}
	return nil
}

func verifyProof(proofFile, entryFile, vkey string) error {
	text, err := os.ReadFile(proofFile)
	if err != nil {
		return err
	}
	entry, err := os.ReadFile(entryFile)
	if err != nil {
		return err
	}
	head, signedNote, found := bytes.Cut(text, []byte("\n\n"))
	if !found {
		return fmt.Errorf("the proof has no checkpoint")
	}
	signed, err := openCheckpoint(signedNote, vkey)
	if err != nil {
		return err
	}
	lines := strings.Split(string(head), "\n")
	if len(lines) > 1 && strings.HasPrefix(lines[1], "extra ") {
		lines = append(lines[:1], lines[2:]...)
	}
	if len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		return fmt.Errorf("not a C2SP tlog-proof")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[2:] {
		// tlog.ParseHash takes several spellings of one hash; the standard knows one.
		decoded, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(decoded) != tlog.HashSize {
			return fmt.Errorf("bad hash line %q", line)
		}
		var hash tlog.Hash
		copy(hash[:], decoded)
		proof = append(proof, hash)
	}
	if err := tlog.CheckRecord(proof, signed.tree.N, signed.tree.Hash, index, tlog.RecordHash(entry)); err != nil {
		return err
	}
	fmt.Printf("ok %s %d of %d\n", signed.origin, index, signed.tree.N)
	return nil
}

func verifyGrowth(dir, oldFile, vkey string) error {
	oldText, err := os.ReadFile(oldFile)
	if err != nil {
		return err
	}
	older, err := openCheckpoint(oldText, vkey)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return err
	}
	newer, err := openCheckpoint(text, vkey)
	if err != nil {
		return err
	}
	proof, err := tlog.ProveTree(newer.tree.N, older.tree.N, tlog.TileHashReader(newer.tree, directory(dir)))
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, newer.tree.N, newer.tree.Hash, older.tree.N, older.tree.Hash); err != nil {
		return err
	}
	fmt.Printf("ok %s grew from %d to %d\n", newer.origin, older.tree.N, newer.tree.N)
	return nil
}

func main() {
	arguments := os.Args[1:]
	var err error
	switch {
	case len(arguments) == 3 && arguments[0] == "log":
		err = verifyLog(arguments[1], arguments[2])
	case len(arguments) == 4 && arguments[0] == "proof":
		err = verifyProof(arguments[1], arguments[2], arguments[3])
	case len(arguments) == 4 && arguments[0] == "growth":
		err = verifyGrowth(arguments[1], arguments[2], arguments[3])
	default:
		fmt.Fprintln(os.Stderr, "usage: verify_log log DIR VKEY | proof FILE ENTRY VKEY | growth DIR OLD_CHECKPOINT VKEY")
		os.Exit(64)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "refused:", err)
		os.Exit(1)
	}
}
