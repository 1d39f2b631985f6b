// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Which strategy, and times that faults defer. Built as a part of fs/inode.c. */
#include <linux/dax_strategy.h>
#include <linux/moduleparam.h>
#include <linux/pagemap.h>
#include "dax-strategy-layout.h" /* written by the build: where the recorder looks */

DEFINE_STATIC_KEY_FALSE(dax_installs_read_only);
DEFINE_STATIC_KEY_FALSE(dax_installs_writable_prot);
DEFINE_STATIC_KEY_FALSE(dax_carries_on);
DEFINE_STATIC_KEY_FALSE(dax_hints);
DEFINE_STATIC_KEY_FALSE(dax_defers_times);

/* Bits of mapping->flags that 6.1 leaves free. */
#define AS_CMTIME 24	    /* times are to be updated at the next chance */
#define AS_DEFERS_CMTIME 25 /* a fault has deferred times once: dirty entries that go set AS_CMTIME */

static const struct {
	const char *name;
	struct static_key_false *keys[2];
} dax_strategies[] = {
	{"mkwrite", {NULL}},
	{"retry", {&dax_installs_read_only}},
	{"insert-writable", {&dax_installs_writable_prot}},
	{"fallthrough", {&dax_installs_read_only, &dax_carries_on}},
	{"readonly-hint", {&dax_installs_read_only, &dax_hints}},
	{"deferred-mtime", {&dax_defers_times}},
};

static const char *dax_strategy_name = "mkwrite";

static int dax_strategy_set(const char *value, const struct kernel_param *param)
{
	int i, k;

	for (i = 0; i < ARRAY_SIZE(dax_strategies); i++) {
		if (strcmp(value, dax_strategies[i].name))
			continue;
		dax_strategy_name = dax_strategies[i].name;
		for (k = 0; k < 2 && dax_strategies[i].keys[k]; k++)
			static_key_enable(&dax_strategies[i].keys[k]->key);
		return 0;
	}
	return -EINVAL;
}

static int dax_strategy_get(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%s\n", dax_strategy_name);
}

static const struct kernel_param_ops param_ops_dax_strategy = {
	.set = dax_strategy_set,
	.get = dax_strategy_get,
};
#define param_check_dax_strategy(name, value)
/* A parameter of the kernel, not of a part of it: no prefix. */
core_param(dax_strategy, dax_strategy_name, dax_strategy, 0444);

/* What a fault handler does about times, before it installs. Page faults are protected from freezing here. */
int dax_fault_update_time(struct file *file)
{
	struct address_space *mapping = file->f_mapping;

	if (!static_branch_unlikely(&dax_defers_times))
		return file_update_time(file);
	if (!test_bit(AS_DEFERS_CMTIME, &mapping->flags))
		set_bit(AS_DEFERS_CMTIME, &mapping->flags);
	if (!test_bit(AS_CMTIME, &mapping->flags))
		set_bit(AS_CMTIME, &mapping->flags);
	return 0;
}

/* May be called with a lock of page tables held. */
void dax_mapping_set_cmtime(struct vm_area_struct *vma)
{
	struct address_space *mapping;

	if (!vma->vm_file || !(vma->vm_flags & VM_SHARED))
		return;
	mapping = vma->vm_file->f_mapping;
	if (test_bit(AS_DEFERS_CMTIME, &mapping->flags))
		set_bit(AS_CMTIME, &mapping->flags);
}

/* After writeback, where there is no file. */
void dax_mapping_flush_cmtime(struct address_space *mapping)
{
	struct inode *inode = mapping->host;
	struct timespec64 now;
	int needs;

	if (!test_bit(AS_CMTIME, &mapping->flags) || !test_and_clear_bit(AS_CMTIME, &mapping->flags))
		return;
	now = current_time(inode);
	needs = inode_needs_update_time(inode, &now);
	if (needs > 0)
		inode_update_time(inode, &now, needs);
}

void dax_vma_flush_cmtime(struct vm_area_struct *vma)
{
	struct file *file = vma->vm_file;

	if (!file || !(vma->vm_flags & VM_SHARED) || !test_bit(AS_CMTIME, &file->f_mapping->flags))
		return;
	sb_start_pagefault(file_inode(file)->i_sb);
	if (test_and_clear_bit(AS_CMTIME, &file->f_mapping->flags))
		file_update_time(file);
	sb_end_pagefault(file_inode(file)->i_sb);
}
