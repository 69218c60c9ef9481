// SPDX-License-Identifier: GPL-2.0
/*
 * fakerapl: energy counters of known power for the kernel's own RAPL driver (intel_rapl_common of Linux 6.1).
 *
 * The powercap tree with its names, limits, ranges and permissions is the driver's; this module answers its register
 * reads. Each domain's energy is the sum of power times time, in whole nanojoules; the register shows it in the
 * driver's units, modulo 2^32. `truth` tells the sum since the module was loaded, so a test needs no clock.
 */
#include <linux/cpu.h>
#include <linux/intel_rapl.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <linux/topology.h>

#define PACKAGES 4
#define UNIT_REGISTER 0x606
#define DOMAIN_REGISTERS 0x1000		/* 16 for each domain */
#define SERVER_DRAM_UNIT_NJ 15300	/* fixed by the driver for Intel servers */

static const char *const domain_names[RAPL_DOMAIN_MAX] = { "package", "core", "uncore", "dram", "psys" };
static DEFINE_SPINLOCK(lock);
static u64 start_nj[RAPL_DOMAIN_MAX];
static u64 used_nj[PACKAGES][RAPL_DOMAIN_MAX];
static ktime_t booked_until;
static struct rapl_if_priv priv;
static struct rapl_package *packages[PACKAGES];

static int milliwatts[RAPL_DOMAIN_MAX] = { 95000, 60000, 2000, 12000, 0 };
static unsigned int wrap_in_mj = 500000;
module_param(wrap_in_mj, uint, 0444);
MODULE_PARM_DESC(wrap_in_mj, "the counters start this many millijoules before their first wrap");
static unsigned int esu = 14;
module_param(esu, uint, 0444);
MODULE_PARM_DESC(esu, "the energy unit is 2^-esu joules; memory of Intel servers always counts 15.3 microjoules");
static bool amd;
module_param(amd, bool, 0444);
MODULE_PARM_DESC(amd, "as on AMD: energy registers only, no power limits");

static u64 unit_nj(int domain)
{
	return domain == RAPL_DOMAIN_DRAM ? SERVER_DRAM_UNIT_NJ : 1000000000ULL >> esu;
}

/*
 * Book the time since the last call at the present power; called with the lock held. Each package uses a tenth less
 * than the one before it, so that one taken for another shows.
 */
static void advance(void)
{
	ktime_t now = ktime_get();
	s64 us = ktime_us_delta(now, booked_until);
	int package, domain;

	for (package = 0; package < PACKAGES; package++)
		for (domain = 0; domain < RAPL_DOMAIN_MAX; domain++)
			used_nj[package][domain] += us * (milliwatts[domain] * (10 - package) / 10);	/* us * mW = nJ */
	booked_until = ktime_add_us(booked_until, us);
}

static int set_milliwatts(const char *text, const struct kernel_param *param)
{
	int wanted[RAPL_DOMAIN_MAX + 1], domain;
	unsigned long flags;

	get_options(text, ARRAY_SIZE(wanted), wanted);
	for (domain = 0; domain < wanted[0]; domain++)
		if (wanted[domain + 1] < 0)
			return -EINVAL;
	spin_lock_irqsave(&lock, flags);
	advance();
	for (domain = 0; domain < wanted[0]; domain++)
		milliwatts[domain] = wanted[domain + 1];
	spin_unlock_irqrestore(&lock, flags);
	return 0;
}

static int get_milliwatts(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%d,%d,%d,%d,%d\n", milliwatts[0], milliwatts[1], milliwatts[2], milliwatts[3],
			  milliwatts[4]);
}

static const struct kernel_param_ops milliwatts_ops = { .set = set_milliwatts, .get = get_milliwatts };
module_param_cb(milliwatts, &milliwatts_ops, NULL, 0644);
MODULE_PARM_DESC(milliwatts, "power of package, core, uncore, dram, psys, for the first socket; a domain with 0 at the start does not exist");

/* Lines of: package, domain, nanojoules since the module was loaded, wraps of its counter since then. */
static int get_truth(char *buffer, const struct kernel_param *param)
{
	int package, domain, length = 0;
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	advance();
	for (package = 0; package < PACKAGES; package++)
		for (domain = 0; packages[package] && domain < RAPL_DOMAIN_MAX; domain++)
			if (priv.regs[domain][RAPL_DOMAIN_REG_STATUS])
				length += sysfs_emit_at(buffer, length, "%d %s %llu %llu\n", package,
							domain_names[domain], used_nj[package][domain],
							div64_u64(start_nj[domain] + used_nj[package][domain],
								  unit_nj(domain)) >> 32);
	spin_unlock_irqrestore(&lock, flags);
	return length;
}

static const struct kernel_param_ops truth_ops = { .get = get_truth };
module_param_cb(truth, &truth_ops, NULL, 0444);

static int read_register(int cpu, struct reg_action *action)
{
	int package = topology_physical_package_id(cpu) % PACKAGES;
	int domain = (action->reg - DOMAIN_REGISTERS) / 16, which = (action->reg - DOMAIN_REGISTERS) % 16;
	unsigned long flags;

	action->value = 0;
	if (action->reg == UNIT_REGISTER) {
		action->value = 0x3 | (esu << 8) | (0xa << 16);
	} else if (action->reg && which == RAPL_DOMAIN_REG_STATUS) {
		/* One socket counts the platform, as on Sapphire Rapids; the driver leaves out domains that show 0. */
		if (domain != RAPL_DOMAIN_PLATFORM || package == 0) {
			spin_lock_irqsave(&lock, flags);
			advance();
			action->value = (u32)div64_u64(start_nj[domain] + used_nj[package][domain], unit_nj(domain));
			spin_unlock_irqrestore(&lock, flags);
		}
	} else if (action->reg && which == RAPL_DOMAIN_REG_LIMIT) {
		action->value = 0x00DD8140 | 0x8000ULL | ((u64)0x00DD8180 << 32);
	} else if (action->reg && which == RAPL_DOMAIN_REG_INFO) {
		action->value = 125 * 8;
	}
	action->value &= action->mask;
	return 0;
}

static int write_register(int cpu, struct reg_action *action)
{
	return 0;
}

static void prepare_domain(int domain)
{
	int which;

	for (which = 0; which < RAPL_DOMAIN_REG_MAX; which++)
		if (!amd || which == RAPL_DOMAIN_REG_STATUS)
			priv.regs[domain][which] = DOMAIN_REGISTERS + domain * 16 + which;
	if (!amd)
		priv.limits[domain] = domain == RAPL_DOMAIN_PACKAGE ? 2 : 1;
	start_nj[domain] = (unit_nj(domain) << 32) - (u64)wrap_in_mj * 1000000ULL;
}

static int __init fakerapl_init(void)
{
	int cpu, domain, package;

	priv.control_type = powercap_register_control_type(NULL, "intel-rapl", NULL);
	if (IS_ERR(priv.control_type))
		return PTR_ERR(priv.control_type);
	priv.reg_unit = UNIT_REGISTER;
	priv.read_raw = read_register;
	priv.write_raw = write_register;
	for (domain = 0; domain < RAPL_DOMAIN_MAX; domain++)
		if (milliwatts[domain])
			prepare_domain(domain);
	booked_until = ktime_get();
	memset(used_nj, 0, sizeof(used_nj));	/* parameters are set before there is a time to book from */
	cpus_read_lock();
	for_each_online_cpu(cpu) {
		package = topology_physical_package_id(cpu) % PACKAGES;
		if (packages[package])
			continue;
		packages[package] = rapl_add_package(cpu, &priv);
		if (IS_ERR(packages[package])) {
			pr_warn("fakerapl: package %d: %ld\n", package, PTR_ERR(packages[package]));
			packages[package] = NULL;
			continue;
		}
		cpumask_set_cpu(cpu, &packages[package]->cpumask);
	}
	cpus_read_unlock();
	return 0;
}

static void __exit fakerapl_exit(void)
{
	int package;

	cpus_read_lock();
	for (package = 0; package < PACKAGES; package++)
		if (packages[package])
			rapl_remove_package(packages[package]);
	cpus_read_unlock();
	powercap_unregister_control_type(priv.control_type);
}

module_init(fakerapl_init);
module_exit(fakerapl_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("energy counters of known power for tests of what reads them");
