// swift-tools-version: 6.2

import PackageDescription

let package = Package(
  name: "Benchmarks",
  dependencies: [.package(name: "demand", path: "..")],
  targets: [
    .executableTarget(name: "PosteriorBenchmarks", dependencies: [.product(name: "Inference", package: "demand")])
  ]
)
