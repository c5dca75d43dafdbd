// Renders a Helm chart as `helm template` does, for test_chart.py where there is no Helm:
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go run render.go CHART RELEASE < VALUES
//
// VALUES, in YAML, override those of the chart. It has the functions of Helm that need no cluster.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"github.com/ghodss/yaml"
)

type values = map[string]interface{}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func merge(into, from values) {
	for name, value := range from {
		if inner, ok := value.(values); ok {
			if old, ok := into[name].(values); ok {
				merge(old, inner)
				continue
			}
		}
		into[name] = value
	}
}

func load(path string) values {
	text, err := os.ReadFile(path)
	check(err)
	result := values{}
	check(yaml.Unmarshal(text, &result))
	return result
}

// Adds what Helm adds to the functions of sprig.
func functions(all *template.Template) template.FuncMap {
	result := sprig.TxtFuncMap()
	delete(result, "env")
	delete(result, "expandenv")
	result["include"] = func(name string, data interface{}) (string, error) {
		var out bytes.Buffer
		err := all.ExecuteTemplate(&out, name, data)
		return out.String(), err
	}
	result["required"] = func(message string, value interface{}) (interface{}, error) {
		if value == nil || value == "" {
			return nil, errors.New(message)
		}
		return value, nil
	}
	result["toYaml"] = func(value interface{}) string {
		text, err := yaml.Marshal(value)
		check(err)
		return strings.TrimSuffix(string(text), "\n")
	}
	result["toJson"] = func(value interface{}) string {
		text, err := json.Marshal(value)
		check(err)
		return string(text)
	}
	return result
}

func main() {
	chart, release := os.Args[1], os.Args[2]
	about, all := load(filepath.Join(chart, "Chart.yaml")), load(filepath.Join(chart, "values.yaml"))
	text, err := io.ReadAll(os.Stdin)
	check(err)
	own := values{}
	check(yaml.Unmarshal(text, &own))
	merge(all, own)

	templates := template.New("").Option("missingkey=zero")
	templates.Funcs(functions(templates))
	base := filepath.Base(chart) + "/templates"
	files, err := filepath.Glob(filepath.Join(chart, "templates", "*"))
	check(err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		check(err)
		_, err = templates.New(base + "/" + filepath.Base(file)).Parse(string(text))
		check(err)
	}
	for _, file := range files {
		name := base + "/" + filepath.Base(file)
		if strings.HasPrefix(filepath.Base(file), "_") {
			continue
		}
		var out bytes.Buffer
		check(templates.ExecuteTemplate(&out, name, values{
			"Values": all,
			"Chart": values{"Name": about["name"], "Version": about["version"],
				"AppVersion": about["appVersion"]},
			"Release":  values{"Name": release, "Namespace": "default", "Service": "Helm"},
			"Template": values{"Name": name, "BasePath": base},
		}))
		if strings.HasSuffix(name, ".yaml") && strings.TrimSpace(out.String()) != "" {
			fmt.Printf("---\n# Source: %s\n%s\n", name, strings.TrimSpace(out.String()))
		}
	}
}
