// swift-tools-version: 6.2

import PackageDescription

// One settings array for every Swift target; Swift 6 language mode comes with the tools version. Warnings are errors in
// CI only, so that a newer compiler's new warnings never break a user's build.
let strict = Context.environment["DEMAND_WARNINGS_AS_ERRORS"] != nil
let settings: [SwiftSetting] =
  [.enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility")]
  + (strict ? [.treatAllWarnings(as: .error)] : [])

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let lifecycleTestKit: Target.Dependency = .product(
  name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let mustache: Target.Dependency = .product(name: "Mustache", package: "swift-mustache")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

// Arrows point one way, from the bottom of this list to its top. The inference library never sees a product; reports
// never see a database; only the store imports GRDB and libpq.
let package = Package(
  name: "demand",
  products: [
    .executable(name: "demand", targets: ["demand"]),
    .library(name: "Inference", targets: ["Inference"]),
    .library(name: "DemandModel", targets: ["DemandModel"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .target(
      name: "CNumericKernels",
      exclude: ["dense.inc", "kernels.inc", "tape.inc", "tape_densities.inc", "tape_loops.inc", "vector_math.inc"]),
    .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    .target(name: "NumericKernels", dependencies: ["CNumericKernels"], swiftSettings: settings),
    .target(name: "Inference", dependencies: ["NumericKernels", crypto], swiftSettings: settings),
    // The tutorials' models and texts, which the command shows.
    .target(name: "Tutorials", dependencies: ["Inference", "NumericKernels"], swiftSettings: settings),
    .target(name: "DemandData", swiftSettings: settings),
    .target(
      name: "DemandModel", dependencies: ["Inference", "NumericKernels", "CNumericKernels", "DemandData"],
      swiftSettings: settings),
    .target(
      name: "RetailSimulator", dependencies: ["DemandModel", "NumericKernels", "DemandData"], swiftSettings: settings),
    .target(
      name: "SalesStore", dependencies: ["DemandData", "CLibPQ", grdb, grdbSQLite, crypto],
      resources: [.embedInCode("Resources")],
      swiftSettings: settings),
    .target(name: "SalesIngest", dependencies: ["DemandData", "SalesStore", "CZlib", yams], swiftSettings: settings),
    .target(
      name: "ForecastReport", dependencies: ["DemandData", mustache], resources: [.embedInCode("Resources")],
      swiftSettings: settings),
    .target(
      name: "FittingService",
      dependencies: ["DemandModel", "SalesStore", "SalesIngest", "ForecastReport", logging, lifecycle, yams],
      resources: [.embedInCode("Resources")], swiftSettings: settings),
    .plugin(name: "CommitStamp", capability: .buildTool()),
    .executableTarget(
      name: "demand",
      dependencies: [
        "FittingService", "RetailSimulator", "SalesIngest", "SalesStore", "ForecastReport", "DemandModel", "DemandData",
        "Tutorials", argumentParser, lifecycle, logging, unixSignals,
      ], swiftSettings: settings, plugins: ["CommitStamp"]),

    .target(
      name: "TestSupport", dependencies: ["NumericKernels"], path: "Tests/TestSupport", swiftSettings: settings),
    .testTarget(
      name: "NumericKernelsTests", dependencies: ["NumericKernels", "CNumericKernels", "TestSupport"],
      exclude: ["Reference"],
      resources: [.embedInCode("Resources")], swiftSettings: settings),
    .testTarget(
      name: "InferenceTests", dependencies: ["Inference", "NumericKernels", "TestSupport"], exclude: ["Reference"],
      resources: [.copy("Resources")], swiftSettings: settings),
    .testTarget(name: "TutorialsTests", dependencies: ["Tutorials", "Inference"], swiftSettings: settings),
    .testTarget(name: "DemandDataTests", dependencies: ["DemandData"], swiftSettings: settings),
    .testTarget(
      name: "DemandModelTests",
      dependencies: ["DemandModel", "Inference", "NumericKernels", "CNumericKernels", "DemandData", "TestSupport"],
      exclude: ["Scores/Reference"], swiftSettings: settings),
    // Starts a PostgreSQL server for tests.
    .target(
      name: "DatabaseTestSupport", dependencies: ["SalesStore", grdb], path: "Tests/DatabaseTestSupport",
      swiftSettings: settings),
    .testTarget(
      name: "SalesStoreTests", dependencies: ["SalesStore", "DemandData", "DatabaseTestSupport", grdb],
      resources: [.copy("Fixtures")], swiftSettings: settings),
    // A load in a process that tests kill half-way.
    .executableTarget(
      name: "InterruptedIngest", dependencies: ["SalesIngest", "SalesStore", "DemandData"],
      path: "Tests/InterruptedIngest", swiftSettings: settings),
    .testTarget(
      name: "SalesIngestTests",
      dependencies: [
        "SalesIngest", "SalesStore", "DemandData", "FittingService", "DatabaseTestSupport", "InterruptedIngest",
        "CZlib",
        grdb,
      ],
      exclude: ["Reference"], resources: [.copy("Resources")], swiftSettings: settings),
    .testTarget(
      name: "RetailSimulatorTests", dependencies: ["RetailSimulator", "DemandModel", "DemandData", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "FittingServiceTests",
      dependencies: ["FittingService", "DemandModel", lifecycle, lifecycleTestKit, logging], swiftSettings: settings),
    .testTarget(
      name: "ForecastReportTests", dependencies: ["ForecastReport", "DemandData"], swiftSettings: settings),
    .testTarget(
      name: "demandTests", dependencies: ["demand", "SalesStore", "DatabaseTestSupport", grdb], swiftSettings: settings),
  ]
)
