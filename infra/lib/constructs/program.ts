//! One of our programs as a Lambda function, with a role that may what it is told and nothing else.

import { Duration } from "aws-cdk-lib";
import type { ISecurityGroup, ISubnet, IVpc } from "aws-cdk-lib/aws-ec2";
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Architecture, Function, TenancyConfig, Tracing, type CfnFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { acknowledge, acknowledgeWildcards, because } from "../acknowledge.ts";
import { functionName, type Deployed } from "../names.ts";
import type { Settings } from "../settings/settings.ts";
import type { FunctionName } from "../variables.ts";
import type { Artifacts } from "../artifacts.ts";
import { logGroup } from "./logs.ts";

/** Where a function may reach out from. */
export interface Placement {
  vpc: IVpc;
  subnets: ISubnet[];
  securityGroup: ISecurityGroup;
}

export interface ProgramProps {
  settings: Settings;
  artifacts: Artifacts;
  which: Deployed;
  /** Of which artefact it is. */
  artifact: FunctionName;
  description: string;
  memoryMb: number;
  timeout: Duration;
  environment: Record<string, string>;
  statements: PolicyStatement[];
  key: IKey | undefined;
  placement: Placement | undefined;
  reservedConcurrency?: number | undefined;
  perTenant?: boolean;
}

export class Program extends Construct {
  readonly function: Function;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: ProgramProps) {
    super(scope, id);
    const { settings, which, key, placement } = props;
    const name = functionName(settings, which);
    const logs = logGroup(this, "Logs", `/aws/lambda/${name}`, settings, key);
    this.role = new Role(this, "Role", {
      roleName: `${name}-${settings.region}`,
      description: `What the function ${name} may`,
      assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
    });
    const statements = [
      new PolicyStatement({ sid: "Logs", actions: ["logs:CreateLogStream", "logs:PutLogEvents"], resources: [logs.logGroupArn] }),
      because("X-Ray has no resources.", new PolicyStatement({ sid: "Traces", actions: ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], resources: ["*"] })),
      ...(key ? [new PolicyStatement({ sid: "Variables", actions: ["kms:Decrypt"], resources: [key.keyArn] })] : []),
      ...(placement ? [networkInterfaces()] : []),
      ...props.statements,
    ];
    const policy = new ManagedPolicy(this, "Policy", { roles: [this.role], statements });
    acknowledgeWildcards(policy, statements);

    // What is added here for the function would be an inline policy: it is all above.
    const role = this.role.withoutPolicyUpdates();
    this.function = new Function(this, "Function", {
      functionName: name,
      description: props.description,
      role,
      logGroup: logs,
      ...props.artifacts(this, props.artifact),
      architecture: settings.architecture === "arm64" ? Architecture.ARM_64 : Architecture.X86_64,
      memorySize: props.memoryMb,
      timeout: props.timeout,
      tracing: Tracing.ACTIVE,
      environment: { ...props.environment, ...settings.variables[props.artifact] },
      ...(key && { environmentEncryption: key }),
      ...(props.reservedConcurrency && { reservedConcurrentExecutions: props.reservedConcurrency }),
      ...(props.perTenant && { tenancyConfig: TenancyConfig.PER_TENANT }),
      ...(placement && { vpc: placement.vpc, vpcSubnets: { subnets: placement.subnets }, securityGroups: [placement.securityGroup] }),
    });
    // A function that may not write its logs yet would lose its first ones.
    this.function.node.addDependency(policy);
    acknowledge(this.function, {
      "NIST.800.53.R5-LambdaDLQ": "It is only invoked for an answer: what fails is told to whoever asked.",
      ...(!props.reservedConcurrency && { "NIST.800.53.R5-LambdaConcurrency": "reservedConcurrency is not set: the account's limit holds, and the API throttles before it." }),
      ...(!placement && { "NIST.800.53.R5-LambdaInsideVPC": "network=public: it calls public endpoints of AWS, over TLS. network=vpc sets one." }),
    });
  }

  /** Lets an API in, by what of it may call. */
  allow(id: string, sourceArn: string): void {
    this.function.addPermission(id, { principal: new ServicePrincipal("apigateway.amazonaws.com"), sourceArn });
  }

  get cfn(): CfnFunction {
    return this.function.node.defaultChild as CfnFunction;
  }
}

/** Those by which a function is in a VPC. */
const networkInterfaces = () =>
  because(
    "Lambda makes the network interfaces of a function, and nobody knows them beforehand.",
    new PolicyStatement({
      sid: "NetworkInterfaces",
      actions: ["ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses"],
      resources: ["*"],
    }),
  );
