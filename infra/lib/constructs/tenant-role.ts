//! The role that is assumed for each tenant: what a tenant may, IAM decides by the session's tag.

import { ManagedPolicy, PolicyStatement, Role, SessionTagsPrincipal, ArnPrincipal, type IRole } from "aws-cdk-lib/aws-iam";
import { Aws, Duration } from "aws-cdk-lib";
import type { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";
import { workspacesOfTenant } from "../permissions.ts";
import type { Settings } from "../settings/settings.ts";

export class TenantRole extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, props: { settings: Settings; table: TableV2; key: IKey | undefined; assumedBy: IRole }) {
    super(scope, id);
    const { settings, table, key } = props;
    this.role = new Role(this, "Role", {
      roleName: `${settings.name}-tenant-${settings.region}`,
      description: `What a session for one tenant of ${settings.name} may`,
      // The most that a role which assumes another gets.
      maxSessionDuration: Duration.hours(1),
      assumedBy: new SessionTagsPrincipal(
        new ArnPrincipal(props.assumedBy.roleArn).withConditions({
          StringLike: { "aws:RequestTag/tenant_id": "?*" },
          "ForAllValues:StringEquals": { "aws:TagKeys": ["tenant_id"] },
        }),
      ),
    });
    new ManagedPolicy(this, "Policy", {
      roles: [this.role],
      statements: [
        workspacesOfTenant(settings, Aws.PARTITION),
        new PolicyStatement({
          sid: "ItemsOfTheTenant",
          actions: ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"],
          resources: [table.tableArn],
          conditions: {
            "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["${aws:PrincipalTag/tenant_id}"] },
            // ForAllValues holds of none at all: without this a request that names no key would pass.
            Null: { "dynamodb:LeadingKeys": "false", "aws:PrincipalTag/tenant_id": "false" },
          },
        }),
        ...(key ? [new PolicyStatement({ sid: "Table", actions: ["kms:Decrypt", "kms:GenerateDataKey"], resources: [key.keyArn] })] : []),
      ],
    });
  }
}
