package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// cluster is the configuration of the API server and its clients. It is stored in files.
type cluster struct {
	directory string
	port      int
	token     string
}

// openCluster reads the configuration in a directory, or creates it.
func openCluster(directory string) (*cluster, error) {
	c := &cluster{directory: directory}
	port, err := c.keep("port", func() (string, error) {
		port, err := freePort()
		return strconv.Itoa(port), err
	})
	if err != nil {
		return nil, err
	}
	if c.port, err = strconv.Atoi(port); err != nil {
		return nil, err
	}
	c.token, err = c.keep("token", func() (string, error) {
		bytes := make([]byte, 16)
		_, err := rand.Read(bytes)
		return hex.EncodeToString(bytes), err
	})
	if err != nil {
		return nil, err
	}
	if _, err = c.keep("service-account.key", newSigningKey); err != nil {
		return nil, err
	}
	tokens := fmt.Sprintf("%s,admin,admin,system:masters\n", c.token)
	return c, os.WriteFile(c.path("tokens.csv"), []byte(tokens), 0o600)
}

// apiServerFlags returns the flags of the API server. They turn off no admission plugin that is on by default.
func (c *cluster) apiServerFlags(etcd string) []string {
	return []string{
		"--etcd-servers=" + etcd,
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		// No pods run, so the API server need not publish its address for them.
		"--endpoint-reconciler-type=none",
		"--secure-port=" + strconv.Itoa(c.port),
		"--cert-dir=" + c.path("pki"),
		"--service-cluster-ip-range=10.0.0.0/24",
		"--authorization-mode=RBAC",
		"--token-auth-file=" + c.path("tokens.csv"),
		"--service-account-issuer=" + c.url(),
		"--service-account-jwks-uri=" + c.url() + "/openid/v1/jwks",
		"--service-account-key-file=" + c.path("service-account.key"),
		"--service-account-signing-key-file=" + c.path("service-account.key"),
	}
}

// writeKubeconfig writes an administrator's kubeconfig. A reader never sees an incomplete file.
func (c *cluster) writeKubeconfig() error {
	authority, err := os.ReadFile(c.path("pki/apiserver.crt"))
	if err != nil {
		return err
	}
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
  - name: test
    cluster:
      server: %s
      certificate-authority-data: %s
users:
  - name: admin
    user:
      token: %s
contexts:
  - name: admin
    context: {cluster: test, user: admin}
current-context: admin
`, c.url(), base64.StdEncoding.EncodeToString(authority), c.token)
	part := c.path("kubeconfig.part")
	if err := os.WriteFile(part, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(part, c.path("kubeconfig"))
}

func (c *cluster) url() string {
	return fmt.Sprintf("https://127.0.0.1:%d", c.port)
}

// client returns an HTTP client that trusts the API server's certificate. It fails until the certificate exists.
func (c *cluster) client() (*http.Client, error) {
	bundle, err := os.ReadFile(c.path("pki/apiserver.crt"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}, nil
}

// keep returns the content of a file. If the file does not exist, it is created first.
func (c *cluster) keep(name string, create func() (string, error)) (string, error) {
	text, err := os.ReadFile(c.path(name))
	if err == nil {
		return strings.TrimSpace(string(text)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	made, err := create()
	if err != nil {
		return "", fmt.Errorf("cannot make %s: %w", name, err)
	}
	if err := os.MkdirAll(c.directory, 0o700); err != nil {
		return "", err
	}
	return made, os.WriteFile(c.path(name), []byte(made+"\n"), 0o600)
}

func (c *cluster) path(name string) string {
	return filepath.Join(c.directory, name)
}

// newSigningKey creates the key with which the API server signs service account tokens.
func newSigningKey() (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", err
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	return strings.TrimSpace(string(pem.EncodeToMemory(block))), nil
}
