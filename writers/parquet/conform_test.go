package parquet_test

import (
	"testing"

	"github.com/restlua/restlua/writers/conform"
	"github.com/restlua/restlua/writers/parquet"
)

func TestConform(t *testing.T) {
	t.Parallel()
	conform.Run(t, parquet.Format{})
}
