//! Who the callers are: a Cognito user pool with its clients.

import { Duration, RemovalPolicy, SecretValue, Stack, type StackProps } from "aws-cdk-lib";
import {
  AccountRecovery,
  CfnUserPool,
  CfnUserPoolClient,
  FeaturePlan,
  ManagedLoginVersion,
  Mfa,
  ResourceServerScope,
  StringAttribute,
  UserPool,
  CfnManagedLoginBranding,
} from "aws-cdk-lib/aws-cognito";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import { acknowledge } from "../acknowledge.ts";
import { issuerOf, type Identity } from "../existing-pool.ts";
import type { Settings } from "../settings/settings.ts";

/** A client for programs, and where its secret is. */
export interface Machine {
  clientId: string;
  secretArn: string;
  tenant: string | undefined;
}

export class IdentityStack extends Stack implements Identity {
  /** `iss` of the pool's tokens. */
  readonly issuer: string;
  readonly poolId: string;
  /** Where programs ask for tokens. */
  readonly tokenEndpoint: string;
  /** The app clients that may call, and their tenants. */
  readonly clients: Record<string, string | undefined> = {};
  readonly machines: Machine[] = [];
  /** By which people log in at our own authorization server. */
  readonly loginClientId: string | undefined;

  readonly #settings: Settings;

  constructor(scope: Construct, id: string, settings: Settings, key: IKey | undefined, props: StackProps) {
    super(scope, id, props);
    this.#settings = settings;
    const pool = this.#pool(key);
    this.poolId = pool.userPoolId;
    this.issuer = issuerOf(settings, this.poolId);
    const prefix = settings.cognitoDomainPrefix ?? `${settings.name}-${settings.account}-${settings.region}`;
    const domain = pool.addDomain("Domain", {
      cognitoDomain: { domainPrefix: prefix },
      managedLoginVersion: settings.loginPages === "managed" ? ManagedLoginVersion.NEWER_MANAGED_LOGIN : ManagedLoginVersion.CLASSIC_HOSTED_UI,
    });
    this.tokenEndpoint = `${domain.baseUrl()}/oauth2/token`;

    if (settings.auth === "own") {
      this.loginClientId = this.#login().ref;
      return;
    }
    const servers = this.#resourceServers(pool);
    for (const tenant of settings.perTenant ? Object.keys(settings.tenants) : [undefined]) {
      const machine = this.#machine(tenant, key);
      machine.node.addDependency(...servers);
    }
    if (settings.callbackUrls.length > 0) {
      const app = this.#app();
      app.node.addDependency(...servers);
      this.clients[app.ref] = undefined;
    }
  }

  #pool(key: IKey | undefined): UserPool {
    const { name, userPoolName, perTenant, retainData } = this.#settings;
    const pool = new UserPool(this, "Pool", {
      userPoolName: userPoolName ?? name,
      featurePlan: FeaturePlan.ESSENTIALS,
      selfSignUpEnabled: false,
      signInAliases: { email: true },
      signInCaseSensitive: false,
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      mfa: Mfa.REQUIRED,
      mfaSecondFactor: { otp: true, sms: false },
      passwordPolicy: {
        minLength: 14,
        requireDigits: true,
        requireLowercase: true,
        requireSymbols: true,
        requireUppercase: true,
        tempPasswordValidity: Duration.days(3),
      },
      deletionProtection: retainData,
      removalPolicy: retainData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      // Set by administrators: the client by which people log in may not write it.
      ...(perTenant && { customAttributes: { tenant: new StringAttribute({ mutable: true, maxLen: 63 }) } }),
    });
    if (key) {
      (pool.node.defaultChild as CfnUserPool).keyConfiguration = { keyType: "CUSTOMER_MANAGED_KEY", kmsKeyArn: key.keyArn };
    }
    acknowledge(pool, {
      "AwsSolutions-COG8": "The Plus plan is billed for each person, without a free tier. Programs and people who were let in by an administrator gain little by it; set it in the console where people's passwords are of this pool.",
    });
    return pool;
  }

  #resourceServers(pool: UserPool): Construct[] {
    const metrics = pool.addResourceServer("Metrics", {
      identifier: this.#settings.resourceServerId,
      userPoolResourceServerName: "Prometheus",
      scopes: [
        new ResourceServerScope({ scopeName: "read", scopeDescription: "Read metrics" }),
        new ResourceServerScope({ scopeName: "write", scopeDescription: "Change what Prometheus keeps" }),
      ],
    });
    const mcp = pool.addResourceServer("Mcp", {
      identifier: "mcp",
      userPoolResourceServerName: "MCP",
      scopes: [new ResourceServerScope({ scopeName: "invoke", scopeDescription: "Use the server" })],
    });
    const cases = pool.addResourceServer("Cases", {
      identifier: "cases",
      userPoolResourceServerName: "Support cases",
      scopes: [new ResourceServerScope({ scopeName: "read", scopeDescription: "Read support cases" })],
    });
    return [metrics, mcp, cases];
  }

  /** A client for a program, or for those of a tenant. Its secret goes to Secrets Manager, never to an output. */
  #machine(tenant: string | undefined, key: IKey | undefined): CfnUserPoolClient {
    const id = tenant ? `Machine-${tenant}` : "Machine";
    const name = [this.#settings.name, "machine", tenant].filter(Boolean).join("-");
    const client = new CfnUserPoolClient(this, id, {
      userPoolId: this.poolId,
      clientName: name,
      generateSecret: true,
      allowedOAuthFlowsUserPoolClient: true,
      allowedOAuthFlows: ["client_credentials"],
      allowedOAuthScopes: this.#settings.scopes,
      explicitAuthFlows: [],
      accessTokenValidity: 60,
      tokenValidityUnits: { accessToken: "minutes" },
      enableTokenRevocation: true,
      preventUserExistenceErrors: "ENABLED",
    });
    const secret = new Secret(this, `${id}-Secret`, {
      secretName: [this.#settings.name, "machine", tenant].filter(Boolean).join("/"),
      description: `The secret of the app client ${name}`,
      secretStringValue: SecretValue.resourceAttribute(client.attrClientSecret),
      removalPolicy: RemovalPolicy.DESTROY,
      ...(key && { encryptionKey: key }),
    });
    const rotation = "It is a copy: Cognito made it, and makes another for a new client.";
    acknowledge(secret, { "AwsSolutions-SMG4": rotation, "NIST.800.53.R5-SecretsManagerRotationEnabled": rotation });
    if (!key) acknowledge(secret, { "NIST.800.53.R5-SecretsManagerUsingKMSKey": "encryption=aws: the key is the account's own for Secrets Manager; encryption=customer sets one." });
    this.machines.push({ clientId: client.ref, secretArn: secret.secretArn, tenant });
    this.clients[client.ref] = tenant;
    return client;
  }

  /** A client through which people log in to an application of yours. It has no secret: PKCE. */
  #app(): CfnUserPoolClient {
    const client = new CfnUserPoolClient(this, "App", {
      ...this.#forPeople(`${this.#settings.name}-app`),
      allowedOAuthScopes: ["openid", "email", ...this.#settings.scopes],
      callbackUrLs: this.#settings.callbackUrls,
      ...(this.#settings.logoutUrls.length > 0 && { logoutUrLs: this.#settings.logoutUrls }),
    });
    this.#pages(client);
    return client;
  }

  /** The client of our own authorization server. It has no secret: PKCE, and one address that codes go to. */
  #login(): CfnUserPoolClient {
    const client = new CfnUserPoolClient(this, "Login", {
      ...this.#forPeople(`${this.#settings.name}-login`),
      allowedOAuthScopes: ["openid", "profile", "email"],
      callbackUrLs: [`https://${this.#settings.domainName}/oauth/callback`],
      // What people may say of themselves; a tenant is not among it.
      writeAttributes: ["email", "name"],
    });
    this.#pages(client);
    return client;
  }

  /** Without a style there is no page. */
  #pages(client: CfnUserPoolClient): void {
    if (this.#settings.loginPages === "classic") return;
    new CfnManagedLoginBranding(client, "Pages", { userPoolId: this.poolId, clientId: client.ref, useCognitoProvidedValues: true });
  }

  #forPeople(clientName: string) {
    return {
      userPoolId: this.poolId,
      clientName,
      generateSecret: false,
      allowedOAuthFlowsUserPoolClient: true,
      allowedOAuthFlows: ["code"],
      supportedIdentityProviders: ["COGNITO"],
      explicitAuthFlows: ["ALLOW_REFRESH_TOKEN_AUTH"],
      enableTokenRevocation: true,
      preventUserExistenceErrors: "ENABLED",
    };
  }
}
