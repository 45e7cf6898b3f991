import ArgumentParser

/// Placeholder until the command line lands.
@main
struct Ctxtop: ParsableCommand {}
