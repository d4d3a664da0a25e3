package schema

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestNormalName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ id, key, want string }{
		{"NRM-01", " a ", "a"}, {"NRM-01", "", "_empty"}, {"NRM-01", "  ", "_empty"}, {"NRM-01", "\n", "_empty"},
		{"NRM-02", "a__b", "a__b"}, {"NRM-02", "a___b", "a___b"}, {"NRM-02", "__c", "c"}, {"NRM-02", "d__", "d"}, {"NRM-02", "__", "_empty"},
		{"NRM-03", "a+b", "axb"}, {"NRM-03", "@type", "atype"}, {"NRM-03", "kebab-case", "kebab_case"},
		{"NRM-04", "a.b", "a_b"}, {"NRM-04", "a/b", "a_b"}, {"NRM-04", "a  b", "a_b"}, {"NRM-04", "$ref", "_ref"}, {"NRM-04", "Title Case", "title_case"},
		{"NRM-05", "café", "café"}, {"NRM-05", "cafe\u0301", "café"}, {"NRM-05", "名前", "名前"}, {"NRM-05", "ЦЕНА", "цена"}, {"NRM-05", "😀a", "_a"},
		{"NRM-06", "camelCase", "camel_case"}, {"NRM-06", "HTTPServer", "http_server"}, {"NRM-06", "getHTTPResponseCode", "get_http_response_code"},
		{"NRM-06", "userID", "user_id"}, {"NRM-06", "userIDs", "user_i_ds"}, {"NRM-06", "eBay", "e_bay"}, {"NRM-06", "v2Name", "v2_name"},
		{"NRM-06", "a1B2", "a1_b2"}, {"NRM-06", "ABC", "abc"}, {"NRM-06", "ID2", "id2"}, {"NRM-06", "ABC1d", "abc1d"},
		{"NRM-07", "Id", "id"}, {"NRM-07", "ID", "id"}, {"NRM-07", "iD", "i_d"},
		{"NRM-08", "2fast", "_2fast"}, {"NRM-08", "123", "_123"}, {"NRM-08", "2_x", "_2_x"}, {"NRM-08", "_2x", "_2x"},
		{"NRM-09", "x_", "xx"}, {"NRM-09", "a$", "ax"}, {"NRM-09", "100%", "_100x"}, {"NRM-09", "_", "x"}, {"NRM-09", "%", "x"},
		{"NRM-09", "-", "x"}, {"NRM-09", "-foo", "_foo"}, {"NRM-09", "a--b", "a_b"},
	} {
		if got := NormalName(c.key); got != c.want {
			t.Errorf("%s NormalName(%q) = %q, want %q", c.id, c.key, got, c.want)
		}
	}
	if got, want := shortenTo("abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz", 20), "abcdefglhyrnatuvwxyz"; got != want {
		t.Errorf("NRM-10 = %q, want %q", got, want)
	}
	if got := NormalName(strings.Repeat("é", 300)); len(got) > MaxName {
		t.Errorf("NRM-10 a long name has %d bytes", len(got))
	}
}

func TestSettle(t *testing.T) {
	t.Parallel()
	names := []Named{{Source: "/userId", Raw: "userId", Name: "user_id"}, {Source: "/user_id", Raw: "user_id", Name: "user_id"}}
	Settle(names)
	if names[0].Name != "user_id_4edc87" || names[1].Name != "user_id" {
		t.Errorf("NRM-12 %+v", names)
	}
	names = []Named{{Source: "/tagList", Raw: "tagList", Name: "tag_list"}, {Source: "/tag_list", Raw: "tag_list", Name: "tag_list"}}
	Settle(names)
	if names[0].Name != "tag_list_9bf775" {
		t.Errorf("NRM-13 %+v", names)
	}
	names = []Named{{Source: "/_rl_id", Raw: "_rl_id", Name: "_rl_id"}}
	Settle(names)
	if names[0].Name != "_rl_id_9864c8" {
		t.Errorf("NRM-14 %+v", names)
	}
	names = []Named{{Source: "/userId", Raw: "userId", Name: "user_id", Settled: true}, {Source: "/user_id", Raw: "user_id", Name: "user_id"}}
	Settle(names)
	if names[0].Name != "user_id" || names[1].Name == "user_id" {
		t.Errorf("NRM-12 a committed name stays with its source: %+v", names)
	}
}

func TestSettleIsComplete(t *testing.T) {
	t.Parallel()
	// A key that looks like a marked name, several that come to one name, and
	// every order of arrival: names differ and stay with their sources.
	all := []Named{
		{Source: "/userId", Raw: "userId", Name: "user_id"}, {Source: "/user_id", Raw: "user_id", Name: "user_id"},
		{Source: "/UserID", Raw: "UserID", Name: "user_id"}, {Source: "/user_id_4edc87", Raw: "user_id_4edc87", Name: "user_id_4edc87"},
		{Source: "/user/id", Raw: "user__id", Name: "user__id"}, {Source: "/user__id", Raw: "user__id", Name: "user__id"},
		{Source: "/_rl_x", Raw: "_rl_x", Name: "_rl_x"},
	}
	want := map[string]string{}
	for shift := range all {
		names := append(append([]Named{}, all[shift:]...), all[:shift]...)
		Settle(names)
		seen := map[string]bool{}
		for _, n := range names {
			if seen[n.Name] || strings.HasPrefix(n.Name, "_rl_x") && n.Name == "_rl_x" {
				t.Fatalf("NRM-12 name %s twice: %+v", n.Name, names)
			}
			seen[n.Name] = true
			if w := want[n.Source]; w != "" && w != n.Name {
				t.Errorf("NRM-12 %s is %s or %s, by order", n.Source, w, n.Name)
			}
			want[n.Source] = n.Name
		}
	}
	if want["/user_id"] != "user_id" || want["/user_id_4edc87"] != "user_id_4edc87" || want["/user/id"] != "user__id" {
		t.Errorf("NRM-12 %v", want)
	}
}

func TestJoinPath(t *testing.T) {
	t.Parallel()
	if got := JoinPath("a", "b", "c"); got != "a__b__c" {
		t.Errorf("NRM-11 %s", got)
	}
	long := strings.Repeat("k", 90)
	if got := JoinPath(long, long, "x"); got != long+"__"+long+"__x" {
		t.Errorf("NRM-10 a path of %d bytes is cut", len(got))
	}
	got := JoinPath(long, long, long)
	if len(got) != MaxName || !strings.HasPrefix(got, long+"__kkkkk") || got == JoinPath(long, long, long+"k") {
		t.Errorf("NRM-10 a long path is %s", got)
	}
}

func FuzzNormalName(f *testing.F) {
	for _, s := range []string{"camelCase", "a__b", "é", "\u212a", "x_", strings.Repeat("Ab", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if !utf8.ValidString(key) {
			t.Skip()
		}
		name := NormalName(key)
		if name == "" || len(name) > MaxName || !utf8.ValidString(name) || strings.ToLower(name) != name {
			t.Fatalf("NRM-07 NRM-10 NormalName(%q) = %q", key, name)
		}
		if strings.HasSuffix(name, "_") || name[0] >= '0' && name[0] <= '9' {
			t.Fatalf("NRM-08 NRM-09 NormalName(%q) = %q", key, name)
		}
	})
}
