//! What does not go together, and why. A rule says what is the matter, or nothing.

import type { Fields } from "./fields.ts";
import { functionVariables, type FunctionName } from "../variables.ts";

type Rule = (said: Fields) => string | false | undefined;

const tokens = (said: Fields) => said.auth !== "iam";
const isStreaming = (said: Fields) => (said.responseMode ?? (said.frontDoor === "rest" ? "streaming" : "buffered")) === "streaming";

/** By the setting that is told of it. */
export const rules: [keyof Fields, Rule][] = [
  ["tenancy", (s) => s.frontDoor === "http" && s.tenancy === "per-tenant" && "per-tenant needs frontDoor=rest: an HTTP API cannot set X-Amz-Tenant-Id from what its authorizer says"],
  ["tenancy", (s) => s.tenancy === "per-tenant" && (s.auth === "iam" || s.auth === "mixed") && `per-tenant does not go with auth=${s.auth}: only an authorizer can say whose environment a request is for, and AWS_IAM has none`],
  ["tenancy", (s) => s.tenancy === "per-tenant" && s.region.startsWith("us-gov-") && "per-tenant is not to be had in GovCloud: Lambda's tenant isolation is of commercial regions only"],
  ["tenants", (s) => s.tenancy === "per-tenant" && Object.keys(s.tenants).length === 0 && "per-tenant needs tenants, each with its workspace"],
  ["tenants", (s) => s.tenancy === "none" && Object.keys(s.tenants).length > 0 && "tenants need tenancy=per-tenant: else one environment is for all of them"],
  ["clients", (s) => s.tenancy === "per-tenant" && Object.values(s.clients).includes("") && "with per-tenant each client has a tenant"],
  ["workspaceIds", (s) => s.tenancy === "per-tenant" && s.workspaceIds.length > 0 && "with per-tenant the workspaces are those of tenants"],
  ["prometheusUrl", (s) => s.tenancy === "per-tenant" && s.prometheusUrl !== undefined && "with per-tenant the workspaces are those of tenants: a server would tell all of them the same"],
  ["workspaceIds", (s) => s.tenancy === "none" && s.workspaceIds.length === 0 && s.prometheusUrl === undefined && s.cases === undefined && "say which workspaces may be asked, or set prometheusUrl or cases"],

  ["waf", (s) => s.frontDoor === "http" && s.waf && "AWS WAF cannot stand before an HTTP API: take frontDoor=rest"],
  ["responseMode", (s) => s.frontDoor === "http" && s.responseMode === "streaming" && "an HTTP API cannot stream: take frontDoor=rest"],
  ["auth", (s) => s.frontDoor === "http" && s.auth === "own" && "own needs frontDoor=rest: the JWT authorizer of an HTTP API is only made once its issuer answers, and that is behind this very API"],
  ["auth", (s) => s.frontDoor === "http" && s.auth === "mixed" && "mixed needs frontDoor=rest: the second API is one"],
  ["issuers", (s) => s.frontDoor === "http" && s.issuers.length > 0 && "the JWT authorizer of an HTTP API knows one issuer: take frontDoor=rest"],
  ["timeoutSeconds", (s) => !isStreaming(s) && (s.timeoutSeconds ?? 0) > 29 && "API Gateway waits 29 seconds for an answer that is not streamed"],

  ["domainName", (s) => s.auth === "own" && s.domainName === undefined && "own needs domainName: clients look for the metadata at the root of the host, where the stage of execute-api does not reach"],
  ["certificateArn", (s) => s.domainName !== undefined && !s.domainElsewhere && s.certificateArn === undefined && "domainName needs certificateArn, or domainElsewhere=true"],
  ["certificateArn", (s) => s.domainElsewhere && s.certificateArn !== undefined && "with domainElsewhere the certificate is there too"],
  ["certificateArn", (s) => s.certificateArn !== undefined && !s.certificateArn.includes(`:acm:${s.region}:`) && `the certificate must be in ${s.region}`],
  ["domainElsewhere", (s) => s.domainElsewhere && s.domainName === undefined && "domainElsewhere is about domainName, which is not set"],
  ["hostedZoneId", (s) => s.hostedZoneId !== undefined && (s.domainName === undefined || s.domainElsewhere) && "hostedZoneId is for a domainName that is made here"],

  ["subnetIds", (s) => (s.vpcId === undefined) !== (s.subnetIds.length === 0) && "vpcId and subnetIds go together"],
  ["vpcId", (s) => s.network === "public" && s.vpcId !== undefined && "vpcId needs network=vpc"],
  ["imageRepository", (s) => s.artifact === "image" && s.imageRepository === undefined && "image needs imageRepository"],

  ["clients", (s) => tokens(s) && s.auth !== "own" && s.userPoolId !== undefined && Object.keys(s.clients).length === 0 && "a pool of yours needs clients: a token of Cognito says for whom it is by its client only"],
  ["clients", (s) => s.userPoolId === undefined && Object.keys(s.clients).length > 0 && "clients are those of userPoolId, which is not set"],
  ["userPoolId", (s) => s.auth === "own" && s.userPoolId !== undefined && Object.keys(s.clients).length !== 1 && "with own, clients is the one app client by which people log in"],
  ["cognitoDomainPrefix", (s) => s.userPoolId !== undefined && s.cognitoDomainPrefix !== undefined && "a pool of yours has its domain"],
  ["encryption", (s) => s.encryption === "customer" && s.userPoolId !== undefined && "what a pool of yours is encrypted with is yours to say: customer is for everything"],

  ["variables", (s) => {
    const unknown = Object.entries(s.variables).flatMap(([name, variables]) => {
      const known = functionVariables(name as FunctionName);
      return Object.keys(variables ?? {}).flatMap((variable) => {
        const found = known.find((candidate) => candidate.name === variable);
        if (!found) return [`${name} reads no ${variable}`];
        return found.secret ? [`${variable} is a secret`] : [];
      });
    });
    return unknown.length > 0 && unknown.join(", ");
  }],
];
