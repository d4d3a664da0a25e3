package stdlib

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/hook"
)

// awsSigV4 signs requests as AWS documents it ("Signature Version 4 for API
// requests"); the published test suite is in the tests.
var awsSigV4 = Function{
	Name:    "aws_sigv4",
	Params:  "request: { method?: string, url: string, params?: table, headers?: table, body?: string }, options: { access_key: string, secret_key: string, session_token?: string, region: string, service: string, time?: time.Time }",
	Returns: "table",
	Doc: "The headers that sign a request for AWS: Authorization, X-Amz-Date, with a session token X-Amz-Security-Token, for S3 X-Amz-Content-Sha256. " +
		"Every header given is signed, and Host. time is the clock's unless given. The path is signed as it is written, so write it as it is sent.",
	Example: `local signed = crypto.aws_sigv4({ method = "GET", url = "https://example.amazonaws.com/" }, {
  access_key = "AKIDEXAMPLE", secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  region = "us-east-1", service = "service", time = require("time").parse("2015-08-30T12:36:00Z"),
})
assert(signed["X-Amz-Date"] == "20150830T123600Z")
assert(signed.Authorization:find("Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", 1, true))`,
	run: runAWSSigV4,
}

// awsRequest is what is signed.
type awsRequest struct {
	method, path, host string
	query              []hook.Pair // decoded
	headers            []hook.Pair
	body               string
}

// awsKeys is who signs, for what and when.
type awsKeys struct {
	accessKey, secretKey, sessionToken string
	region, service                    string
	at                                 time.Time
}

func runAWSSigV4(c *call) int {
	r := c.table(1, "method", "url", "params", "headers", "body")
	o := c.table(2, "access_key", "secret_key", "session_token", "region", "service", "time")
	request := awsRequest{method: strings.ToUpper(r.text("method", "GET")), body: r.text("body", "")}
	address := r.needText("url")
	if !request.split(address) {
		c.fail("argument 1: url: %q is no absolute URL", shorten(address))
	}
	request.query = append(request.query, c.pairs("argument 1: params", r.get("params"))...)
	request.headers = c.pairs("argument 1: headers", r.get("headers"))
	keys := awsKeys{
		accessKey: o.needText("access_key"), secretKey: o.needText("secret_key"),
		sessionToken: o.text("session_token", ""),
		region:       o.needText("region"), service: o.needText("service"),
		at: c.now(),
	}
	if u, ok := o.get("time").(*lua.LUserData); ok {
		if keys.at, ok = u.Value.(time.Time); !ok {
			o.failField("time", "a time")
		}
	} else if o.has("time") {
		o.failField("time", "a time")
	}
	t := c.L.NewTable()
	for _, header := range keys.sign(request) {
		t.RawSetString(header.Name, lua.LString(header.Value))
	}
	c.L.Push(t)
	return 1
}

// split takes an absolute URL apart without decoding its path.
func (r *awsRequest) split(address string) (ok bool) {
	_, rest, found := strings.Cut(address, "://")
	rest, _, _ = strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	host, path, slash := strings.Cut(rest, "/")
	if _, after, hasUser := strings.Cut(host, "@"); hasUser {
		host = after
	}
	r.host, r.path = host, "/"
	if slash {
		r.path = "/" + path
	}
	for _, pair := range strings.Split(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err1 := url.PathUnescape(name)
		value, err2 := url.PathUnescape(value)
		if err1 != nil || err2 != nil {
			return false
		}
		r.query = append(r.query, hook.Pair{Name: name, Value: value})
	}
	return found && host != ""
}

// sign gives the headers to add.
func (k awsKeys) sign(r awsRequest) []hook.Pair {
	at := k.at.UTC()
	stamp, date := at.Format("20060102T150405Z"), at.Format("20060102")
	payload := sha256Hex(r.body)
	added := []hook.Pair{{Name: "X-Amz-Date", Value: stamp}}
	if k.service == "s3" {
		added = append(added, hook.Pair{Name: "X-Amz-Content-Sha256", Value: payload})
	}
	if k.sessionToken != "" {
		added = append(added, hook.Pair{Name: "X-Amz-Security-Token", Value: k.sessionToken})
	}
	headers, names := canonicalHeaders(r.host, slices.Concat(r.headers, added))
	canonical := strings.Join([]string{
		r.method, k.canonicalPath(r.path), canonicalQuery(r.query), headers, names, payload,
	}, "\n")
	scope := strings.Join([]string{date, k.region, k.service, "aws4_request"}, "/")
	toSign := strings.Join([]string{"AWS4-HMAC-SHA256", stamp, scope, sha256Hex(canonical)}, "\n")
	key := []byte("AWS4" + k.secretKey)
	for _, part := range []string{date, k.region, k.service, "aws4_request"} {
		key = hmacSHA256(key, part)
	}
	authorization := "AWS4-HMAC-SHA256 Credential=" + k.accessKey + "/" + scope +
		", SignedHeaders=" + names + ", Signature=" + hex.EncodeToString(hmacSHA256(key, toSign))
	return append(added, hook.Pair{Name: "Authorization", Value: authorization})
}

// canonicalPath encodes the path as it is sent once more, after . and .. and
// double slashes are resolved. S3 does neither: its path is encoded once.
func (k awsKeys) canonicalPath(p string) string {
	if k.service == "s3" {
		if decoded, err := url.PathUnescape(p); err == nil {
			p = decoded
		}
	} else {
		trailing := strings.HasSuffix(p, "/") || strings.HasSuffix(p, "/.") || strings.HasSuffix(p, "/..")
		p = path.Clean(p)
		if trailing && p != "/" {
			p += "/"
		}
	}
	return strings.ReplaceAll(percentEncode(p), "%2F", "/")
}

func canonicalQuery(query []hook.Pair) string {
	parts := make([]hook.Pair, len(query))
	for i, p := range query {
		parts[i] = hook.Pair{Name: percentEncode(p.Name), Value: percentEncode(p.Value)}
	}
	slices.SortStableFunc(parts, func(a, b hook.Pair) int {
		if a.Name != b.Name {
			return strings.Compare(a.Name, b.Name)
		}
		return strings.Compare(a.Value, b.Value)
	})
	texts := make([]string, len(parts))
	for i, p := range parts {
		texts[i] = p.Name + "=" + p.Value
	}
	return strings.Join(texts, "&")
}

// canonicalHeaders gives one line for each header, sorted, with white space
// reduced, and the list of their names.
func canonicalHeaders(host string, headers []hook.Pair) (lines, names string) {
	values := map[string][]string{}
	for _, h := range headers {
		name := strings.ToLower(h.Name)
		values[name] = append(values[name], strings.Join(strings.Fields(h.Value), " "))
	}
	if values["host"] == nil {
		values["host"] = []string{host}
	}
	sorted := make([]string, 0, len(values))
	for name := range values {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	var out strings.Builder
	for _, name := range sorted {
		out.WriteString(name + ":" + strings.Join(values[name], ",") + "\n")
	}
	return out.String(), strings.Join(sorted, ";")
}

func sha256Hex(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func hmacSHA256(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
