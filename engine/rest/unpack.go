package rest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
)

// unpack takes a gzip or zip archive apart, told by how it begins, and returns
// other bodies as they are. name is that of the file inside, where it has one.
// More than limit bytes are an error (OPR-06).
func unpack(body []byte, limit int64) (plain []byte, name string, err error) {
	switch {
	case packed(body):
		z, err := newGunzip(bufio.NewReader(bytes.NewReader(body)))
		if err != nil {
			return nil, "", fmt.Errorf("the gzip body is broken: %w", err)
		}
		plain, err := readBounded(z, limit)
		if err != nil {
			return nil, "", fmt.Errorf("the gzip body is broken: %w", err)
		}
		return plain, z.name, nil
	case zipBegins(body):
		return unzip(body, limit)
	}
	return body, "", nil
}

// unzip reads the one file of a zip archive.
func unzip(body []byte, limit int64) (plain []byte, name string, err error) {
	f, err := onlyFile(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		return nil, "", err
	}
	in, err := f.Open()
	if err != nil {
		return nil, "", fmt.Errorf("the zip body is broken: %w", err)
	}
	defer in.Close()
	if plain, err = readBounded(in, limit); err != nil {
		return nil, "", fmt.Errorf("the zip body is broken: %w", err)
	}
	return plain, f.Name, nil
}

func readBounded(in io.Reader, limit int64) ([]byte, error) {
	plain, err := io.ReadAll(io.LimitReader(in, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(plain)) > limit {
		return nil, fmt.Errorf("it unpacks to more than %d bytes (client.max_response_bytes)", limit)
	}
	return plain, nil
}
