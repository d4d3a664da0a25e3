package dataset

import (
	"io"
	"os"
)

// behind is how many bytes a file takes before its writing to the disk begins,
// so that Sync has less to wait for: a load ends with one Sync of each file.
const behind = 4 << 20

// written is a file of the disk that is being written.
type written struct {
	*os.File
	size  int64 // where the next byte goes
	begun int64 // up to where writing to the disk was begun
}

func (w *written) Write(p []byte) (int, error) {
	n, err := w.File.Write(p)
	w.grown(int64(n))
	return n, err
}

// ReadFrom lets the system copy between files.
func (w *written) ReadFrom(r io.Reader) (int64, error) {
	n, err := w.File.ReadFrom(r)
	w.grown(n)
	return n, err
}

// grown counts n more bytes, and asks the system to write them to the disk
// where they are many. What comes of it is Sync's to report.
func (w *written) grown(n int64) {
	w.size += n
	if w.size-w.begun >= behind {
		beginWriting(w.File, w.begun, w.size-w.begun)
		w.begun = w.size
	}
}
