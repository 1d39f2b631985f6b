/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Write-fault strategies of DAX, one of them chosen at boot by dax_strategy=NAME; without it the kernel does what it
 * always did. What is not chosen costs a nop.
 */
#ifndef _LINUX_DAX_STRATEGY_H
#define _LINUX_DAX_STRATEGY_H

#include <linux/fs.h>
#include <linux/jump_label.h>
#include <linux/mm.h>

/* A write fault installs as a read fault would. */
DECLARE_STATIC_KEY_FALSE(dax_installs_read_only);
/* A write fault installs with the protection of the area's own flags. */
DECLARE_STATIC_KEY_FALSE(dax_installs_writable_prot);
/* handle_pte_fault carries on into do_wp_page. */
DECLARE_STATIC_KEY_FALSE(dax_carries_on);
/* The handler says VM_FAULT_READONLY, and do_shared_fault carries on. */
DECLARE_STATIC_KEY_FALSE(dax_hints);
/* Faults set a flag of the mapping instead of the times of the file. */
DECLARE_STATIC_KEY_FALSE(dax_defers_times);

void dax_mapping_set_cmtime(struct vm_area_struct *vma);
void dax_mapping_flush_cmtime(struct address_space *mapping);
void dax_vma_flush_cmtime(struct vm_area_struct *vma);
int dax_fault_update_time(struct file *file);

/* An entry of the area that was dirty is clean or gone: if times are deferred, somebody may have stored since. */
static inline void dax_note_dirty(struct vm_area_struct *vma, bool dirty)
{
	if (static_branch_unlikely(&dax_defers_times) && dirty)
		dax_mapping_set_cmtime(vma);
}

/* Writeback of the mapping is done. A freeze itself writes back, so no freeze protection here. */
static inline void dax_writepages_done(struct address_space *mapping)
{
	if (static_branch_unlikely(&dax_defers_times))
		dax_mapping_flush_cmtime(mapping);
}

/* The area is synchronised, or goes. */
static inline void dax_vma_done(struct vm_area_struct *vma)
{
	if (static_branch_unlikely(&dax_defers_times))
		dax_vma_flush_cmtime(vma);
}

#endif
