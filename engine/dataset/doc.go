// Package dataset is the folder that a source's loads go to: the lock, the
// stage, the commit, what readers see, recovery, and what the write
// dispositions do with the rows (spec: dataset; normalisation, section 7).
//
// Open takes the lock and finishes what a killed process left. Begin starts a
// load, Load.Write stages its rows, Load.Commit makes them the table's:
//
//	stage    every new file and every link of the next generations, synced
//	commit   state.json.tmp is renamed over state.json: the commit point
//	publish  each table's folder comes to hold the listed files, by one rename
//
// Up to the commit point everything can be thrown away, behind it everything
// can be done again; recovery is publishing once more.
package dataset
