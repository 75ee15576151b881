# Figures of R's loo for the log likelihoods that predictive.py wrote; called by it.
suppressMessages({ library(loo); library(posterior) })
arguments <- commandArgs(trailingOnly = TRUE)
rows <- strsplit(readLines(arguments[1]), ",")
names(rows) <- sapply(rows, `[`, 1)
chains <- as.integer(arguments[2])
reff <- as.numeric(arguments[3])
line <- function(name, x) cat(paste(c(name, sprintf("%.17g", x)), collapse = ","), "\n", sep = "")
cat(sprintf("# R %s, loo %s, posterior %s\n", getRversion(), packageVersion("loo"), packageVersion("posterior")))
loos <- list()
for (model in c("wide", "narrow", "shifted")) {
  ll <- sapply(1:9, function(i) as.numeric(rows[[paste0(model, ".loglik.", i)]][-1]))
  fit <- suppressWarnings(loo(ll, r_eff = rep(reff, 9)))
  loos[[model]] <- fit
  e <- fit$estimates
  line(paste0(model, ".r.loo"), c(e[1, 1], e[1, 2], e[2, 1], e[2, 2]))
  w <- suppressWarnings(waic(ll))$estimates
  line(paste0(model, ".r.waic"), c(w[1, 1], w[1, 2], w[2, 1], w[2, 2]))
}
comparison <- loo_compare(loos)[c("wide", "narrow", "shifted"), 1:2]
line("r.compare", t(comparison))
points <- sapply(loos, function(l) l$pointwise[, 1])
line("r.stacking", as.numeric(stacking_weights(points)))
theta <- matrix(as.numeric(rows[["theta"]][-1]), ncol = chains)
line("r.posterior", c(rhat(theta), ess_bulk(theta), ess_tail(theta), ess_mean(theta), mcse_mean(theta),
  mcse_sd(theta), mcse_quantile(theta, 0.9), ess_quantile(theta, 0.25)))
