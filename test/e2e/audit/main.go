// Asks Kubernetes' own evaluator of audit policies at which level requests are logged.
// Usage: audit POLICY <requests.json >levels.json
package main

import (
	"encoding/json"
	"os"

	"k8s.io/apiserver/pkg/audit/policy"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

type request struct {
	User, Verb, Group, Resource, Subresource, Namespace, Name, Path string
	Groups                                                          []string
}

func main() {
	rules, err := policy.LoadPolicyFromFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	evaluator := policy.NewPolicyRuleEvaluator(rules)
	var requests []request
	if err := json.NewDecoder(os.Stdin).Decode(&requests); err != nil {
		panic(err)
	}
	levels := []string{}
	for _, r := range requests {
		attributes := authorizer.AttributesRecord{
			User: &user.DefaultInfo{Name: r.User, Groups: r.Groups},
			Verb: r.Verb, APIGroup: r.Group, Resource: r.Resource, Subresource: r.Subresource,
			Namespace: r.Namespace, Name: r.Name, Path: r.Path, ResourceRequest: r.Path == "",
		}
		levels = append(levels, string(evaluator.EvaluatePolicyRule(attributes).Level))
	}
	if err := json.NewEncoder(os.Stdout).Encode(levels); err != nil {
		panic(err)
	}
}
