//! AWS WAF before a REST API.

import { CfnLoggingConfiguration, CfnWebACL, CfnWebACLAssociation } from "aws-cdk-lib/aws-wafv2";
import type { Stage } from "aws-cdk-lib/aws-apigateway";
import { ArnFormat, Stack } from "aws-cdk-lib";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";
import type { Settings } from "../settings/settings.ts";
import { logGroup } from "./logs.ts";

export class WebAcl extends Construct {
  constructor(scope: Construct, id: string, props: { name: string; settings: Settings; key: IKey | undefined; stage: Stage }) {
    super(scope, id);
    const visible = (metricName: string) => ({ cloudWatchMetricsEnabled: true, metricName, sampledRequestsEnabled: true });
    const managed = (priority: number, name: string, counted: string[] = []): CfnWebACL.RuleProperty => ({
      name,
      priority,
      overrideAction: { none: {} },
      visibilityConfig: visible(name),
      statement: {
        managedRuleGroupStatement: {
          vendorName: "AWS",
          name,
          ...(counted.length > 0 && { ruleActionOverrides: counted.map((rule) => ({ name: rule, actionToUse: { count: {} } })) }),
        },
      },
    });
    const acl = new CfnWebACL(this, "Acl", {
      name: props.name,
      scope: "REGIONAL",
      defaultAction: { allow: {} },
      visibilityConfig: visible(props.name),
      rules: [
        {
          name: "TooManyFromOneAddress",
          priority: 0,
          action: { block: {} },
          visibilityConfig: visible("TooManyFromOneAddress"),
          statement: { rateBasedStatement: { aggregateKeyType: "IP", limit: 3000, evaluationWindowSec: 300 } },
        },
        managed(1, "AWSManagedRulesAmazonIpReputationList"),
        // A body of MCP is bigger than 8 KB at times, has the addresses of metrics in it, and programs send no User-Agent.
        managed(2, "AWSManagedRulesCommonRuleSet", ["SizeRestrictions_BODY", "GenericRFI_BODY", "EC2MetaDataSSRF_BODY", "NoUserAgent_HEADER"]),
        managed(3, "AWSManagedRulesKnownBadInputsRuleSet"),
      ],
    });
    new CfnWebACLAssociation(this, "Association", { resourceArn: props.stage.stageArn, webAclArn: acl.attrArn });
    // WAF takes log groups of this prefix only.
    const logs = logGroup(this, "Logs", `aws-waf-logs-${props.name}`, props.settings, props.key);
    new CfnLoggingConfiguration(this, "Logging", {
      resourceArn: acl.attrArn,
      logDestinationConfigs: [Stack.of(this).formatArn({ service: "logs", resource: "log-group", resourceName: logs.logGroupName, arnFormat: ArnFormat.COLON_RESOURCE_NAME })],
      redactedFields: [{ singleHeader: { Name: "authorization" } }, { singleHeader: { Name: "cookie" } }, { queryString: {} }],
    });
  }
}
