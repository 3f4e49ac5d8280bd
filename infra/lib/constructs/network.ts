//! Where the functions are when they are in a VPC.

import { Fn } from "aws-cdk-lib";
import {
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  InterfaceVpcEndpointService,
  IpAddresses,
  Peer,
  Port,
  SecurityGroup,
  Subnet,
  SubnetType,
  Vpc,
  type ISubnet,
  type IVpc,
} from "aws-cdk-lib/aws-ec2";
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";
import { acknowledge } from "../acknowledge.ts";
import type { Settings } from "../settings/settings.ts";
import { logGroup } from "./logs.ts";
import type { Placement } from "./program.ts";

export class Network extends Construct {
  readonly placement: Placement;

  constructor(scope: Construct, id: string, settings: Settings, key: IKey | undefined) {
    super(scope, id);
    const { vpc, subnets } = settings.vpcId ? this.#existing(settings) : this.#made(settings, key);
    const securityGroup = new SecurityGroup(this, "Functions", {
      vpc,
      description: `The functions of ${settings.name}: HTTPS out, nothing in`,
      allowAllOutbound: false,
    });
    securityGroup.addEgressRule(Peer.anyIpv4(), Port.tcp(443), "HTTPS");
    if (!settings.vpcId) this.#endpoints(settings, vpc, subnets, securityGroup);
    this.placement = { vpc, subnets, securityGroup };
  }

  #existing(settings: Settings): { vpc: IVpc; subnets: ISubnet[] } {
    const vpc = Vpc.fromVpcAttributes(this, "Vpc", { vpcId: settings.vpcId!, availabilityZones: [Fn.select(0, Fn.getAzs())] });
    return { vpc, subnets: settings.subnetIds.map((id, n) => Subnet.fromSubnetId(this, `Subnet${n}`, id)) };
  }

  /** Subnets without a way to the internet, and what the functions call. */
  #made(settings: Settings, key: IKey | undefined): { vpc: IVpc; subnets: ISubnet[] } {
    const vpc = new Vpc(this, "Vpc", {
      vpcName: settings.name,
      ipAddresses: IpAddresses.cidr("10.64.0.0/24"),
      availabilityZones: [0, 1].map((n) => Fn.select(n, Fn.getAzs())),
      natGateways: 0,
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [{ name: "functions", subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 26 }],
    });
    acknowledge(vpc, { "NIST.800.53.R5-VPCDefaultSecurityGroupClosed": "Nothing is in the default group; to empty it takes a function that may change any group." });
    const logs = logGroup(this, "FlowLogs", `/aws/vpc/${settings.name}`, settings, key);
    const role = new Role(this, "FlowLogRole", { assumedBy: new ServicePrincipal("vpc-flow-logs.amazonaws.com") });
    new ManagedPolicy(this, "FlowLogPolicy", {
      roles: [role],
      statements: [new PolicyStatement({ actions: ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], resources: [logs.logGroupArn] })],
    });
    vpc.addFlowLog("Flows", { destination: FlowLogDestination.toCloudWatchLogs(logs, role.withoutPolicyUpdates()) });

    return { vpc, subnets: vpc.isolatedSubnets };
  }

  #endpoints(settings: Settings, vpc: IVpc, subnets: ISubnet[], functions: SecurityGroup): void {
    const securityGroup = new SecurityGroup(this, "Endpoints", { vpc, description: `What the functions of ${settings.name} call`, allowAllOutbound: false });
    securityGroup.addIngressRule(functions, Port.tcp(443), "HTTPS from the functions");
    for (const [name, service] of Object.entries(this.#services(settings))) {
      vpc.addInterfaceEndpoint(name, { service, subnets: { subnets }, privateDnsEnabled: true, open: false, securityGroups: [securityGroup] });
    }
    // Both are free.
    vpc.addGatewayEndpoint("S3", { service: GatewayVpcEndpointAwsService.S3 });
    vpc.addGatewayEndpoint("DynamoDB", { service: GatewayVpcEndpointAwsService.DYNAMODB });
  }

  /** Each costs by the hour and zone: only what is called. */
  #services(settings: Settings): Record<string, InterfaceVpcEndpointAwsService | InterfaceVpcEndpointService> {
    const named = (service: string) => new InterfaceVpcEndpointService(`com.amazonaws.${settings.region}.${service}`, 443);
    const cases = settings.cases && {
      Athena: InterfaceVpcEndpointAwsService.ATHENA,
      Glue: InterfaceVpcEndpointAwsService.GLUE,
      Bedrock: InterfaceVpcEndpointAwsService.BEDROCK_RUNTIME,
    };
    return {
      Prometheus: named("aps"),
      PrometheusWorkspaces: named("aps-workspaces"),
      XRay: InterfaceVpcEndpointAwsService.XRAY,
      ...(settings.doors.tokens && { Cognito: named("cognito-idp") }),
      ...(settings.perTenant && { Sts: InterfaceVpcEndpointAwsService.STS }),
      ...(settings.auth === "own" && { Kms: InterfaceVpcEndpointAwsService.KMS }),
      ...cases,
    };
  }
}
