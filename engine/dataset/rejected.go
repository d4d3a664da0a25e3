package dataset

import "path/filepath"

// rejectedPath is where the load's refused rows are kept (OPR-44).
func (l *Load) rejectedPath() string {
	return filepath.Join(l.d.engineDir(), "rejected", l.ID()+".jsonl")
}

// Reject keeps a line of JSON about a row that is not stored, in
// _restlua/rejected/<load>.jsonl. The file stays with the load: a load that is
// thrown away takes it along.
func (l *Load) Reject(line []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done {
		return errDone
	}
	if l.rejected == nil {
		path := l.rejectedPath()
		if err := l.d.fs.MkdirAll(filepath.Dir(path)); err != nil {
			return err
		}
		f, err := l.d.fs.Create(path)
		if err != nil {
			return err
		}
		l.rejected = f
	}
	_, err := l.rejected.Write(append(append(make([]byte, 0, len(line)+1), line...), '\n'))
	return err
}

// keepRejected makes the refused rows survive a power cut.
func (l *Load) keepRejected() error {
	if l.rejected == nil {
		return nil
	}
	f := l.rejected
	l.rejected = nil
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return l.syncRejected()
}

// syncRejected makes the name of their file survive a power cut.
func (l *Load) syncRejected() error {
	if err := l.d.fs.SyncDir(filepath.Dir(l.rejectedPath())); err != nil {
		return err
	}
	return l.d.fs.SyncDir(l.d.engineDir())
}
