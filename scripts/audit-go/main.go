// Reads an exported audit log with tools that Parley's authors did not write: the checkpoint and its cosignatures
// with filippo.io/torchwood (by the tlog-policy of the export), every tile and entry bundle with the fsck of
// github.com/transparency-dev/tessera, the signature with golang.org/x/mod/sumdb/note, the tiles once more through
// golang.org/x/mod/sumdb/tlog, and each *.tlog-proof of the folder with torchwood again.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/torchwood"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	dir := os.Args[1]
	checkpoint := read(dir, "checkpoint")
	policyText := read(dir, "policy")

	vkey := strings.TrimPrefix(strings.SplitN(string(policyText), "\n", 2)[0], "log ")
	verifier, err := note.NewVerifier(vkey)
	must("x/mod/sumdb/note: the verifier key", err)
	opened, err := note.Open(checkpoint, note.VerifierList(verifier))
	must("x/mod/sumdb/note: the checkpoint", err)
	said("x/mod/sumdb/note: %s signed the checkpoint", opened.Sigs[0].Name)

	policy, err := torchwood.ParsePolicy(policyText)
	must("torchwood: the policy", err)
	parsed, known, err := torchwood.VerifyCheckpoint(checkpoint, policy)
	must("torchwood: the checkpoint under the policy", err)
	said("torchwood: %d entries under %d known signatures, as the policy asks", parsed.N, len(known.Sigs))

	source := &client.FileFetcher{Root: dir}
	check := fsck.New(verifier.Name(), verifier, source, leafHashes, fsck.Opts{N: 16})
	// Where a worker finds something wrong, its feeder can wait for ever.
	found := make(chan error, 1)
	go func() { found <- check.Check(context.Background()) }()
	select {
	case err := <-found:
		must("tessera: fsck", err)
	case <-time.After(2 * time.Minute):
		must("tessera: fsck", errors.New("did not end"))
	}
	said("tessera: fsck found every tile and entry bundle as it is to be")

	tree := tlog.Tree{N: parsed.N, Hash: parsed.Hash}
	hashes := tlog.TileHashReader(tree, &tiles{dir})
	for _, old := range []int64{1, parsed.N/2 + 1, parsed.N} {
		root, err := tlog.TreeHash(old, hashes)
		must("x/mod/sumdb/tlog: a root", err)
		proof, err := tlog.ProveTree(parsed.N, old, hashes)
		must("x/mod/sumdb/tlog: a proof", err)
		must("x/mod/sumdb/tlog: consistency", tlog.CheckTree(proof, parsed.N, parsed.Hash, old, root))
	}
	said("x/mod/sumdb/tlog: the tiles give consistency proofs that hold")

	proofs, err := filepath.Glob(filepath.Join(dir, "*.tlog-proof"))
	must("the proofs", err)
	for _, file := range proofs {
		proof := read(file, "")
		extra, err := torchwood.ProofExtraData(proof)
		must("torchwood: the record of "+file, err)
		entry := sha256.Sum256(extra)
		must("torchwood: "+file, torchwood.VerifyProof(policy, tlog.RecordHash(entry[:]), proof))
	}
	said("torchwood: %d proofs of inclusion hold", len(proofs))
}

// tiles reads the hash tiles of the folder for sumdb/tlog, at paths that torchwood makes.
type tiles struct{ dir string }

func (t *tiles) Height() int { return 8 }

func (t *tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range wanted {
		data, err := os.ReadFile(filepath.Join(t.dir, torchwood.TilePath(tile)))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (t *tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func leafHashes(bundle []byte) ([][]byte, error) {
	var parsed api.EntryBundle
	if err := parsed.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	var hashes [][]byte
	for _, entry := range parsed.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(entry))
	}
	return hashes, nil
}

func read(dir, name string) []byte {
	data, err := os.ReadFile(filepath.Join(dir, name))
	must("read "+name, err)
	return data
}

func must(what string, err error) {
	if err != nil {
		fmt.Printf("FAIL %s: %v\n", what, err)
		os.Exit(1)
	}
}

func said(format string, args ...any) { fmt.Printf("ok   "+format+"\n", args...) }
