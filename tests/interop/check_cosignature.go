// Verify every cosignature/v1 line of witnesses under a signed note with Go's
// own Ed25519 (C2SP tlog-cosignature): prints how many are good.
//
//	check_cosignature NOTE-FILE VKEY…
package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
)

func fail(format string, args ...interface{}) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

func main() {
	raw, err := os.ReadFile(os.Args[1])
	if err != nil {
		fail("%v", err)
	}
	split := strings.LastIndex(string(raw), "\n\n")
	text, lines := string(raw[:split+1]), strings.Split(string(raw[split+2:]), "\n")
	good := 0
	for _, vkey := range os.Args[2:] {
		parts := strings.SplitN(vkey, "+", 3)
		key, err := base64.StdEncoding.DecodeString(parts[2])
		if err != nil || len(key) != 33 || key[0] != 4 {
			fail("%s is no witness's key", vkey)
		}
		for _, line := range lines {
			fields := strings.Split(line, " ")
			if len(fields) != 3 || fields[1] != parts[0] {
				continue
			}
			blob, err := base64.StdEncoding.DecodeString(fields[2])
			if err != nil || len(blob) != 76 || fmt.Sprintf("%08x", binary.BigEndian.Uint32(blob)) != parts[1] {
				fail("a broken line: %s", line)
			}
			signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(blob[4:]), text)
			if !ed25519.Verify(key[1:], []byte(signed), blob[12:]) {
				fail("a wrong signature: %s", line)
			}
			good++
		}
	}
	fmt.Printf("%d good cosignatures\n", good)
}
