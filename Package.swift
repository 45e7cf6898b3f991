// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours compiles in Swift 6 mode and treats its own warnings as errors.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// The guest once more, as Embedded Swift: one module, no runtime, libc alone. Without what only the operator needs
/// (Values, Outside): nobody would call it, but the tables that describe its types would be there. Small: without debug information
/// equal code is merged, equal traps share an instruction, and the dynamic exclusivity checks - calls of an empty
/// function in Embedded Swift - are left out.
let embedded: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableExperimentalFeature("Embedded"),
  .unsafeFlags([
    "-wmo", "-Osize", "-enforce-exclusivity=unchecked", "-Xfrontend", "-function-sections", "-Xfrontend", "-gnone",
    "-Xfrontend", "-mergeable-traps",
  ]),
]

/// Only the module's init function may be seen from outside, and the library must stay mapped: its
/// fork handlers and its thread outlive any `dlclose`.
let extensionLinking: [LinkerSetting] = [
  .unsafeFlags([
    "-enable-experimental-feature", "Embedded", "-use-ld=lld", "-Xlinker", "--icf=all",
    "-Xlinker", "--version-script=\(Context.packageDirectory)/Sources/CtxtopExtension/exports.map",
    "-Xlinker", "--script=\(Context.packageDirectory)/Sources/CtxtopExtension/discarded.ld", "-Xlinker",
    "--no-eh-frame-hdr",
    "-Xlinker", "--gc-sections", "-Xlinker", "-z", "-Xlinker", "nodelete",
  ])
]

/// A product of another package, fetched and built only where one of these traits is on: a server that takes
/// CtxtopContexts from here with `traits: []` gets nothing else with it.
func product(_ name: String, of package: String, for traits: Set<String>) -> Target.Dependency {
  .product(name: name, package: package, condition: .when(traits: traits))
}

let argumentParser = product("ArgumentParser", of: "swift-argument-parser", for: ["Program"])

let tomlKit = product("TOMLKit", of: "TOMLKit", for: ["Program"])

let grdb = product("GRDB", of: "GRDB.swift", for: ["GRDB", "Program"])

let hummingbird = product("Hummingbird", of: "hummingbird", for: ["Hummingbird"])

let logging = product("Logging", of: "swift-log", for: ["Logging"])

let serviceLifecycle = product("ServiceLifecycle", of: "swift-service-lifecycle", for: ["ServiceLifecycle"])

let flyingFox = product("FlyingFox", of: "FlyingFox", for: ["Program"])

let flyingSocks = product("FlyingSocks", of: "FlyingFox", for: ["Program"])

/// Packages of the program and its demo, and of an adapter: GRDB, in whichever version the server has.
let ofProgram: [Package.Dependency] = [
  .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
  .package(url: "https://github.com/LebJe/TOMLKit", exact: "0.6.0"),
  .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  .package(url: "https://github.com/swhitty/FlyingFox", exact: "0.27.1"),
]

/// Packages of adapters alone: whichever version the server has.
let ofAdapters: [Package.Dependency] = [
  .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
  .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
  .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
]

/// The program is one file, without Swift's libraries beside it: it is copied to other hosts. Foundation's own two are named
/// because objects that were compiled without knowing of this do not. The demo has them beside it: as one file it would need
/// what Foundation needs for the network.
let oneFile: [LinkerSetting] = [
  .unsafeFlags(["-static-stdlib", "-l_FoundationCShims", "-l_FoundationCollections"], .when(platforms: [.linux]))
]

let package = Package(
  name: "ctxtop",
  products: [
    .executable(name: "ctxtop", targets: ["ctxtop"]),
    .executable(name: "ctxtop-demo", targets: ["ctxtop-demo"]),
    .library(name: "ctxtop-extension", type: .dynamic, targets: ["CtxtopExtension"]),
    .library(name: "CtxtopAgent", targets: ["CtxtopAgent"]),
    .library(name: "CtxtopContexts", targets: ["CtxtopContexts"]),
    .library(name: "CtxtopGRDB", targets: ["CtxtopGRDB"]),
    .library(name: "CtxtopHummingbird", targets: ["CtxtopHummingbird"]),
    .library(name: "CtxtopLifecycle", targets: ["CtxtopLifecycle"]),
    .library(name: "CtxtopLogging", targets: ["CtxtopLogging"]),
  ],
  traits: [
    .trait(name: "Program", description: "The program ctxtop with its demo, and what they need."),
    .trait(name: "GRDB", description: "CtxtopGRDB: connections of GRDB."),
    .trait(name: "Hummingbird", description: "CtxtopHummingbird: contexts for requests of Hummingbird 2."),
    .trait(name: "Logging", description: "CtxtopLogging: swift-log."),
    .trait(name: "ServiceLifecycle", description: "CtxtopLifecycle: the agent as a service."),
    .default(enabledTraits: ["Program"]),
  ],
  dependencies: ofProgram + ofAdapters,
  targets: [
    // Doors to C.
    .target(name: "CCtxtop"),
    .target(name: "CSpawn"),
    .systemLibrary(name: "CPython"),
    .systemLibrary(
      name: "CNcurses", providers: [.apt(["libncurses-dev"])]),
    .systemLibrary(name: "CPCRE2", providers: [.apt(["libpcre2-dev"])]),
    .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),

    // Guest: runs inside somebody else's server. No Foundation, no Dispatch, no Concurrency.
    .target(name: "CtxtopSnapshot", dependencies: ["CCtxtop"], swiftSettings: strict),
    .target(
      name: "CtxtopScoreboard", dependencies: ["CCtxtop", "CtxtopSnapshot"], swiftSettings: strict),
    .target(
      name: "CtxtopAgent", dependencies: ["CCtxtop", "CtxtopScoreboard", "CtxtopSnapshot"],
      swiftSettings: strict),
    .target(
      name: "CtxtopExtension", dependencies: ["CCtxtop", "CPython"],
      exclude: ["discarded.ld", "exports.map", "Scoreboard/Outside", "Snapshot/Values"],
      swiftSettings: embedded, linkerSettings: extensionLinking),

    // Servers written in Swift. May use Concurrency; no Foundation.
    .target(
      name: "CtxtopContexts", dependencies: ["CCtxtop", "CtxtopAgent", "CtxtopScoreboard"], swiftSettings: strict),

    // What connects it with others' packages, each behind a trait: without it the target is empty.
    .target(name: "CtxtopGRDB", dependencies: ["CtxtopContexts", grdb], swiftSettings: strict),
    .target(name: "CtxtopHummingbird", dependencies: ["CtxtopContexts", hummingbird], swiftSettings: strict),
    .target(name: "CtxtopLifecycle", dependencies: ["CtxtopContexts", serviceLifecycle], swiftSettings: strict),
    .target(name: "CtxtopLogging", dependencies: ["CtxtopContexts", logging], swiftSettings: strict),

    // Operator: the ctxtop program.
    .target(name: "CtxtopModel", dependencies: ["CtxtopSnapshot"], swiftSettings: strict),
    .target(
      name: "CtxtopStore", dependencies: ["CCtxtop", "CSpawn", "CZstd", "CtxtopScoreboard", "CtxtopSnapshot"],
      swiftSettings: strict),
    .target(name: "CtxtopPattern", dependencies: ["CPCRE2"], swiftSettings: strict),
    .target(name: "CtxtopSelection", dependencies: ["CtxtopModel", "CtxtopPattern"], swiftSettings: strict),
    .target(name: "CtxtopScreen", swiftSettings: strict),
    .target(
      name: "CtxtopSettings",
      dependencies: ["CtxtopModel", "CtxtopPattern", "CtxtopScreen", "CtxtopSelection", tomlKit],
      swiftSettings: strict),
    .target(
      name: "CtxtopDashboard",
      dependencies: [
        "CtxtopModel", "CtxtopPattern", "CtxtopScreen", "CtxtopSelection", "CtxtopSettings", "CtxtopSnapshot",
      ],
      swiftSettings: strict),
    .target(
      name: "CtxtopCurses", dependencies: ["CNcurses", "CtxtopScreen"], swiftSettings: strict),
    .target(
      name: "CtxtopReport", dependencies: ["CtxtopModel", "CtxtopSelection", "CtxtopSnapshot"],
      exclude: ["Schema/ctxtop.snapshot-1.json"], swiftSettings: strict),
    .executableTarget(
      name: "ctxtop",
      dependencies: [
        "CtxtopCurses", "CtxtopDashboard", "CtxtopDemoOptions", "CtxtopModel", "CtxtopPattern", "CtxtopReport",
        "CtxtopScreen", "CtxtopSelection", "CtxtopSettings", "CtxtopSnapshot", "CtxtopStore", argumentParser,
      ], swiftSettings: strict, linkerSettings: oneFile),

    // The demo: a server on CtxtopContexts, with its visitors. `ctxtop` runs it, and links none of it.
    .target(name: "CtxtopDemoOptions", dependencies: [argumentParser], swiftSettings: strict),
    .executableTarget(
      name: "ctxtop-demo",
      dependencies: [
        "CCtxtop", "CSpawn", "CtxtopContexts", "CtxtopDemoOptions", argumentParser, flyingFox, flyingSocks, grdb,
      ],
      swiftSettings: strict),

    // Tests.
    .target(name: "CFuzzer", path: "Tests/Fuzzing/CFuzzer"),
    .target(
      name: "CtxtopFuzzTargets",
      dependencies: [
        "CtxtopAgent", "CtxtopGuestTestKit", "CtxtopModel", "CtxtopPattern", "CtxtopRandomKit", "CtxtopReport",
        "CtxtopScoreboard", "CtxtopSelection", "CtxtopSettings", "CtxtopSnapshot", "CtxtopStore",
      ],
      path: "Tests/Fuzzing/CtxtopFuzzTargets", swiftSettings: strict),
    .executableTarget(
      name: "ctxtop-fuzz", dependencies: ["CFuzzer", "CtxtopFuzzTargets"], path: "Tests/Fuzzing/ctxtop-fuzz",
      swiftSettings: strict),
    .testTarget(
      name: "CtxtopFuzzTests", dependencies: ["CtxtopFuzzTargets", "CtxtopRandomKit"], swiftSettings: strict),
    .target(
      name: "CtxtopRandomKit", dependencies: ["CtxtopSnapshot"], path: "Tests/CtxtopRandomKit", swiftSettings: strict),
    .target(
      name: "CtxtopTestKit", dependencies: ["CtxtopRandomKit", "CtxtopScreen", "CtxtopSnapshot"],
      path: "Tests/CtxtopTestKit", swiftSettings: strict),
    .testTarget(
      name: "CtxtopSnapshotTests", dependencies: ["CtxtopRandomKit", "CtxtopSnapshot", "CtxtopTestKit"],
      swiftSettings: strict),
    .target(
      name: "CtxtopGuestTestKit",
      dependencies: ["CCtxtop", "CtxtopRandomKit", "CtxtopScoreboard", "CtxtopSnapshot"],
      path: "Tests/CtxtopGuestTestKit", swiftSettings: strict),
    .executableTarget(
      name: "ctxtop-guest-probe", dependencies: ["CCtxtop", "CtxtopAgent", "CtxtopScoreboard"],
      path: "Tests/ctxtop-guest-probe", swiftSettings: strict),
    .executableTarget(
      name: "ctxtop-storm",
      dependencies: ["CCtxtop", "CtxtopGuestTestKit", "CtxtopRandomKit", "CtxtopScoreboard", "CtxtopSnapshot"],
      path: "Tests/ctxtop-storm", swiftSettings: strict),
    .testTarget(
      name: "CtxtopScoreboardTests",
      dependencies: ["CCtxtop", "CtxtopGuestTestKit", "CtxtopRandomKit", "CtxtopScoreboard", "CtxtopSnapshot"],
      swiftSettings: strict),
    .testTarget(
      name: "CtxtopAgentTests",
      dependencies: ["CCtxtop", "CtxtopAgent", "CtxtopGuestTestKit", "CtxtopScoreboard", "CtxtopSnapshot"],
      swiftSettings: strict),
    .executableTarget(
      name: "ctxtop-contexts-probe",
      dependencies: ["CCtxtop", "CtxtopContexts", "CtxtopGuestTestKit", "CtxtopRandomKit", "CtxtopSnapshot"],
      path: "Tests/ctxtop-contexts-probe", swiftSettings: strict),
    .testTarget(
      name: "CtxtopContextsTests", dependencies: ["CtxtopContexts", "CtxtopGuestTestKit"], swiftSettings: strict),
    .testTarget(
      name: "CtxtopScenarioTests", dependencies: ["CtxtopContexts"], swiftSettings: strict),
    .testTarget(
      name: "CtxtopAdapterTests",
      dependencies: [
        "CCtxtop", "CtxtopContexts", "CtxtopGRDB", "CtxtopGuestTestKit", "CtxtopHummingbird", "CtxtopLifecycle",
        "CtxtopLogging", "CtxtopSnapshot", grdb, hummingbird, logging, serviceLifecycle,
      ], path: "Tests/Adapters", swiftSettings: strict),
    .testTarget(
      name: "CtxtopModelTests", dependencies: ["CtxtopModel", "CtxtopSnapshot", "CtxtopTestKit"],
      swiftSettings: strict),
    .testTarget(
      name: "CtxtopStoreTests",
      dependencies: ["CtxtopScoreboard", "CtxtopSnapshot", "CtxtopStore", "CtxtopTestKit"],
      swiftSettings: strict),
    .executableTarget(
      name: "ctxtop-recording-probe", dependencies: ["CtxtopRandomKit", "CtxtopSnapshot", "CtxtopStore"],
      path: "Tests/ctxtop-recording-probe", swiftSettings: strict),
    .testTarget(name: "CtxtopPatternTests", dependencies: ["CtxtopPattern"], swiftSettings: strict),
    .testTarget(
      name: "CtxtopScreenTests", dependencies: ["CtxtopScreen", "CtxtopTestKit"],
      exclude: ["__Screens__"], swiftSettings: strict),
    .executableTarget(
      name: "ctxtop-terminal-probe", dependencies: ["CtxtopCurses", "CtxtopScreen"],
      path: "Tests/ctxtop-terminal-probe", swiftSettings: strict),
    .testTarget(
      name: "CtxtopSelectionTests",
      dependencies: ["CtxtopModel", "CtxtopSelection", "CtxtopSnapshot", "CtxtopTestKit"],
      swiftSettings: strict),
    .testTarget(
      name: "CtxtopSettingsTests", dependencies: ["CtxtopScreen", "CtxtopSelection", "CtxtopSettings"],
      swiftSettings: strict),
    .testTarget(
      name: "CtxtopDashboardTests",
      dependencies: [
        "CtxtopDashboard", "CtxtopModel", "CtxtopScreen", "CtxtopSettings", "CtxtopSnapshot", "CtxtopTestKit",
      ], exclude: ["__Screens__"], swiftSettings: strict),
    .testTarget(
      name: "CtxtopReportTests",
      dependencies: [
        "CtxtopModel", "CtxtopRandomKit", "CtxtopReport", "CtxtopScreen", "CtxtopSelection", "CtxtopSnapshot",
        "CtxtopTestKit",
      ], exclude: ["__Documents__"], swiftSettings: strict),
  ]
)

/// Targets of which there is one for each package that servers have.
let adapters: Set = ["CtxtopGRDB", "CtxtopHummingbird", "CtxtopLifecycle", "CtxtopLogging"]

/// The program with its demo in one build, which has work for both processors to its end; the rest is not even fetched.
if Context.environment["CTXTOP_ONLY_PROGRAM"] != nil {
  let others = adapters.union(["CPython", "CtxtopExtension"])
  package.targets.removeAll { $0.isTest || $0.path?.hasPrefix("Tests/") == true || others.contains($0.name) }
  package.products.removeAll { !["ctxtop", "ctxtop-demo"].contains($0.name) }
  package.dependencies = ofProgram
}

/// Under a sanitizer only the guest is tested, and what it needs is built: the rest would take minutes.
if Context.environment["CTXTOP_ONLY_GUEST"] != nil {
  let guest: Set = [
    "CCtxtop", "CtxtopAgent", "CtxtopAgentTests", "CtxtopContexts", "CtxtopContextsTests", "CtxtopGuestTestKit",
    "CtxtopRandomKit", "CtxtopScoreboard",
    "CtxtopScoreboardTests", "CtxtopScreen", "CtxtopSnapshot", "CtxtopSnapshotTests", "CtxtopTestKit",
    "ctxtop-contexts-probe", "ctxtop-guest-probe",
  ]
  package.targets.removeAll { !guest.contains($0.name) }
  package.products.removeAll { $0.name != "CtxtopAgent" }
  package.dependencies = []
}

/// The adapters' tests attach this very process, and so have it to themselves: `swift test --traits GRDB,Logging,...`.
if Context.environment["CTXTOP_ONLY_ADAPTERS"] != nil {
  let tested = adapters.union([
    "CCtxtop", "CtxtopAdapterTests", "CtxtopAgent", "CtxtopContexts", "CtxtopGuestTestKit", "CtxtopRandomKit",
    "CtxtopScoreboard", "CtxtopSnapshot",
  ])
  package.targets.removeAll { !tested.contains($0.name) }
  package.products.removeAll { !tested.contains($0.name) }
} else {
  package.targets.removeAll { $0.name == "CtxtopAdapterTests" }
}
