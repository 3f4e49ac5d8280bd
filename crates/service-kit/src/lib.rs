//! What every program needs: environment, telemetry, clock, randomness.
