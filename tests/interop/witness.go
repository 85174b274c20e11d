// A witness as C2SP tlog-witness has it, with Go's own Ed25519 and Merkle tree,
// and a server of files beside it (for CRLs).
//
//	witness NAME LOG-VKEY-FILE FILES-DIR
//
// It prints its verifier key, then "http://HOST:PORT", and serves until it is
// killed.  Its memory is gone with it.
package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var (
	mutex sync.Mutex
	last  tlog.Tree
	name  string
	key   ed25519.PrivateKey
	id    [4]byte
	log   note.Verifier
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func parse(body string) (old int64, proof tlog.TreeProof, signed string, err error) {
	head, signed, found := strings.Cut(body, "\n\n")
	lines := strings.Split(head, "\n")
	if !found || !strings.HasPrefix(lines[0], "old ") {
		return 0, nil, "", fmt.Errorf("not add-checkpoint")
	}
	if old, err = strconv.ParseInt(lines[0][4:], 10, 64); err != nil {
		return
	}
	for _, line := range lines[1:] {
		raw, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(raw) != 32 {
			return 0, nil, "", fmt.Errorf("not a hash: %q", line)
		}
		var hash tlog.Hash
		copy(hash[:], raw)
		proof = append(proof, hash)
	}
	return
}

func addCheckpoint(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 128*1024))
	if err != nil {
		http.Error(w, err.Error(), 400)
		return
	}
	old, proof, signed, err := parse(string(body))
	if err != nil {
		http.Error(w, err.Error(), 400)
		return
	}
	opened, err := note.Open([]byte(signed), note.VerifierList(log))
	if err != nil {
		http.Error(w, err.Error(), 403)
		return
	}
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	raw, err2 := base64.StdEncoding.DecodeString(lines[2])
	if len(lines) != 4 || err != nil || err2 != nil {
		http.Error(w, "not a checkpoint", 400)
		return
	}
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], raw)
	mutex.Lock()
	defer mutex.Unlock()
	if old != last.N {
		w.Header().Set("Content-Type", "text/x.tlog.size")
		w.WriteHeader(409)
		fmt.Fprintf(w, "%d\n", last.N)
		return
	}
	if old == size && tree.Hash != last.Hash {
		http.Error(w, "another root", 422)
		return
	}
	if old > 0 && old != size && tlog.CheckTree(proof, size, tree.Hash, old, last.Hash) != nil {
		http.Error(w, "the proof does not hold", 422)
		return
	}
	last = tree
	now := time.Now().Unix()
	signature := ed25519.Sign(key, []byte(fmt.Sprintf("cosignature/v1\ntime %d\n%s", now, opened.Text)))
	blob := append([]byte{}, id[:]...)
	blob = binary.BigEndian.AppendUint64(blob, uint64(now))
	blob = append(blob, signature...)
	fmt.Fprintf(w, "\u2014 %s %s\n", name, base64.StdEncoding.EncodeToString(blob))
}

func main() {
	name = os.Args[1]
	vkey, err := os.ReadFile(os.Args[2])
	must(err)
	log, err = note.NewVerifier(strings.TrimSpace(string(vkey)))
	must(err)
	public, private, err := ed25519.GenerateKey(rand.Reader)
	must(err)
	key = private
	typed := append([]byte{4}, public...)
	sum := sha256.Sum256(append([]byte(name+"\n"), typed...))
	copy(id[:], sum[:4])
	fmt.Printf("%s+%x+%s\n", name, id, base64.StdEncoding.EncodeToString(typed))
	http.HandleFunc("/add-checkpoint", addCheckpoint)
	http.Handle("/", http.FileServer(http.Dir(os.Args[3])))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	fmt.Printf("http://%s\n", listener.Addr())
	must(http.Serve(listener, nil))
}
