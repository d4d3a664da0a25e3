package dataset

// Scratch is a folder for files that are of no use behind the load, such as
// bodies on their way: what is left in it goes with the load.
func (l *Load) Scratch() string { return l.dir }
